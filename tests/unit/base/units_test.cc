#include "base/units.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace bailiff {
namespace {

TEST(Bytes, LiteralsArePowersOf1024) {
  EXPECT_EQ((1_B).count, 1U);
  EXPECT_EQ((1_KiB).count, 1024U);
  EXPECT_EQ((1_MiB).count, 1048576U);
  EXPECT_EQ((64_GiB).count, 68719476736U);
}

TEST(Bytes, Compare) {
  EXPECT_LT(1023_B, 1_KiB);
  EXPECT_EQ(1024_B, 1_KiB);
  EXPECT_GT(1025_B, 1_KiB);
}

TEST(Bytes, IsNoPlainNumber) {
  EXPECT_FALSE((std::is_convertible_v<Bytes, std::uint64_t>));
  EXPECT_FALSE((std::is_convertible_v<std::uint64_t, Bytes>));
}

TEST(Nanos, HoldADayOfCpuOnEveryCoreOfALargeMachine) { EXPECT_GT(Nanos::max() / 1024, 24h); }

}  // namespace
}  // namespace bailiff
