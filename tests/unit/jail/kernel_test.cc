#include "jail/kernel.h"

#include <gtest/gtest.h>

namespace bailiff {
namespace {

using namespace std::chrono_literals;

TEST(LooksLikeGvisor, TakesAClockThatTicksAndASecondFact) {
  EXPECT_TRUE(looks_like_gvisor(0ns, /*knows_listeners=*/false, "4.4.0"));
  EXPECT_TRUE(looks_like_gvisor(20ms, false, "5.10.0"));
  EXPECT_TRUE(looks_like_gvisor(10ms, /*knows_listeners=*/true, "4.4.0"));
}

TEST(LooksLikeGvisor, NotAFineClock) {
  EXPECT_FALSE(looks_like_gvisor(104'311ns, false, "4.4.0"));
  EXPECT_FALSE(looks_like_gvisor(4ms, false, "6.1.0-50-amd64"));
}

TEST(LooksLikeGvisor, NotLinuxWhoseClockHappensToBeWhole) {
  EXPECT_FALSE(looks_like_gvisor(0ns, true, "6.1.0-50-amd64"));
  EXPECT_FALSE(looks_like_gvisor(30ms, true, "6.12.107"));
}

}  // namespace
}  // namespace bailiff
