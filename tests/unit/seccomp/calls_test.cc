#include "seccomp/calls.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

namespace bailiff {
namespace {

TEST(Calls, HaveTheNumbersOfTheirMachine) {
  EXPECT_EQ(call_number(Arch::kX86_64, "read"), 0U);
  EXPECT_EQ(call_number(Arch::kAarch64, "read"), 63U);
  EXPECT_EQ(call_number(Arch::kX86_64, "clone3"), 435U);
  EXPECT_EQ(call_number(Arch::kAarch64, "clone3"), 435U);
  EXPECT_EQ(call_number(Arch::kX86_64, "open"), 2U);
  EXPECT_EQ(call_number(Arch::kAarch64, "open"), std::nullopt);
  EXPECT_EQ(call_number(kNativeArch, "getpid"), static_cast<std::uint32_t>(SYS_getpid));
}

TEST(Calls, IncludeThoseYoungerThanLibseccomp) {
  for (const Arch arch : kArches) {
    EXPECT_EQ(call_number(arch, "cachestat"), 451U);
    EXPECT_EQ(call_number(arch, "mseal"), 462U);
    EXPECT_EQ(call_number(arch, "open_tree_attr"), 467U);
    EXPECT_EQ(call_number(arch, "rseq_slice_yield"), 471U);
  }
  EXPECT_EQ(call_number(Arch::kX86_64, "uretprobe"), 335U);
  EXPECT_EQ(call_number(Arch::kAarch64, "uretprobe"), std::nullopt);
}

TEST(Calls, OfOtherMachinesOrNoneHaveNoNumber) {
  EXPECT_EQ(call_number(Arch::kX86_64, "socketcall"), std::nullopt);
  EXPECT_EQ(call_number(Arch::kX86_64, "nonsense"), std::nullopt);
  EXPECT_EQ(call_number(Arch::kX86_64, ""), std::nullopt);
}

TEST(Calls, NameAndNumberAreInverse) {
  for (const Arch arch : kArches) {
    for (std::uint32_t number = 0; number < 1100; ++number) {
      const auto name = call_name(arch, number);
      if (!name) continue;
      EXPECT_EQ(call_number(arch, *name), number) << *name;
    }
  }
}

TEST(Calls, UnknownNumbersAreThoseWithoutAName) {
  for (const Arch arch : kArches) {
    const auto ranges = unknown_numbers(arch);
    ASSERT_FALSE(ranges.empty());
    EXPECT_EQ(ranges.back().first, 472U);
    EXPECT_EQ(ranges.back().last, UINT32_MAX);
    for (std::uint32_t number = 0; number < 1100; ++number) {
      bool unknown = false;
      for (const NumberRange& range : ranges) unknown |= range.first <= number && number <= range.last;
      EXPECT_EQ(unknown, !call_name(arch, number)) << number;
    }
  }
}

TEST(Calls, ArgumentsAreFoundByNameAndByPlace) {
  EXPECT_EQ(find_argument("prlimit64", "resource")->index, 1U);
  EXPECT_EQ(find_argument("prlimit64", "1")->index, 1U);
  EXPECT_EQ(find_argument("prlimit64", "resource")->kind, ArgumentKind::kInteger);
  EXPECT_EQ(find_argument("prlimit64", "new_limit")->kind, ArgumentKind::kPointer);
  EXPECT_EQ(find_argument("execve", "0")->kind, ArgumentKind::kPointer);
  EXPECT_EQ(find_argument("clone", "flags")->index, 0U);
}

TEST(Calls, ArgumentsThatDoNotExistAreRefused) {
  EXPECT_EQ(find_argument("socket", "3").error().what,
            "socket has no argument 3: socket(domain, type, protocol)");
  EXPECT_EQ(find_argument("socket", "*domain").has_value(), false);
  EXPECT_EQ(find_argument("socket", "").has_value(), false);
  EXPECT_EQ(find_argument("sock", "0").has_value(), false);  // not even as the beginning of a name
  EXPECT_EQ(
      find_argument("getppid", "0").error().what,
      "the arguments of getppid are not listed (seccomp/calls.cc): nobody has said which are addresses");
}

}  // namespace
}  // namespace bailiff
