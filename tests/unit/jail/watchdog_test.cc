#include "jail/watchdog.h"

#include <gtest/gtest.h>

namespace bailiff {
namespace {

TEST(Watchdog, LooksAgainWhenAllCoresTogetherCouldHaveUsedUpTheRest) {
  EXPECT_EQ(Watchdog{1}.until_cpu_look(1s, 0ns), 1s);
  EXPECT_EQ(Watchdog{2}.until_cpu_look(1s, 0ns), 500ms);
  EXPECT_EQ(Watchdog{4}.until_cpu_look(1s, 600ms), 100ms);
}

TEST(Watchdog, IsNotWokenWithoutPauseRightBelowTheLimit) {
  EXPECT_EQ(Watchdog{1}.until_cpu_look(1s, 1s - 1ns), Watchdog::kCpuFloor);
  EXPECT_EQ(Watchdog{1}.until_cpu_look(1s, 1s), Watchdog::kCpuFloor);
  EXPECT_EQ(Watchdog{64}.until_memory_look(64_MiB, Bytes{(64U << 20) - 1}), Watchdog::kMemoryFloor);
  EXPECT_EQ(Watchdog{1}.until_memory_look(64_MiB, 64_MiB), Watchdog::kMemoryFloor);
}

TEST(Watchdog, IsNotConfusedByMoreThanTheLimit) {  // found late: look at once, never in the past
  EXPECT_EQ(Watchdog{1}.until_cpu_look(1s, 2s), Watchdog::kCpuFloor);
  EXPECT_EQ(Watchdog{1}.until_memory_look(64_MiB, 1_GiB), Watchdog::kMemoryFloor);
}

TEST(Watchdog, LooksAtMemoryBeforeItCanHaveFilled) {
  EXPECT_EQ(Watchdog{1}.until_memory_look(Bytes{4'000'000'000}, 0_B), 1s);
  EXPECT_EQ(Watchdog{2}.until_memory_look(Bytes{4'000'000'000}, 0_B), 500ms);
  EXPECT_EQ(Watchdog{2}.until_memory_look(Bytes{4'000'000'000}, Bytes{3'200'000'000}), 100ms);
}

TEST(Watchdog, DoesNotOverflowOnTheLargestLimitsOfASpec) {
  const Nanos look = Watchdog{1}.until_memory_look(Bytes{std::uint64_t{1} << 50}, 0_B);
  EXPECT_GT(look, 0ns);
  EXPECT_LE(look, 1h);
  EXPECT_EQ(Watchdog{1}.until_cpu_look(24h, 0ns), 24h);
}

TEST(Watchdog, ComesCloserInStepsThatShrink) {  // a burner on all cores is looked at a bounded number of times
  const Watchdog watchdog{2};
  Nanos used = 0ns;
  int looks = 0;
  while (used <= 1s) {
    used += watchdog.until_cpu_look(1s, used);  // on one core: half of what could have been
    ++looks;
  }
  EXPECT_LT(looks, 20);
  EXPECT_LE(used, 1s + Watchdog::kCpuFloor);
}

}  // namespace
}  // namespace bailiff
