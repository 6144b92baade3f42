#include "seccomp/constants.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cerrno>
#include <string>

#include "seccomp/expression.h"

namespace bailiff {
namespace {

TEST(Constants, AreTheInterfaces) {
  EXPECT_EQ(constant_value(Arch::kX86_64, "CLONE_NEWUSER"), static_cast<std::uint64_t>(CLONE_NEWUSER));
  EXPECT_EQ(constant_value(Arch::kX86_64, "PERSONALITY_QUERY"), 0xffffffffU);
  EXPECT_EQ(constant_value(Arch::kX86_64, "CLONE_NOTHING"), std::nullopt);
  EXPECT_EQ(errno_value("ENOSYS"), ENOSYS);
  EXPECT_EQ(errno_value("enosys"), std::nullopt);
  EXPECT_EQ(errno_value("38"), std::nullopt);
}

TEST(Constants, DifferWhereTheMachinesDo) {
  EXPECT_EQ(constant_value(Arch::kX86_64, "O_DIRECTORY"), 0200000U);
  EXPECT_EQ(constant_value(Arch::kAarch64, "O_DIRECTORY"), 040000U);
}

TEST(Expression, CombinesNames) {
  const auto value = [](std::string_view text) { return evaluate(Arch::kX86_64, text).value(); };
  EXPECT_EQ(value("CLONE_VM"), 0x100U);
  EXPECT_EQ(value("CLONE_VM|CLONE_FS"), 0x300U);
  EXPECT_EQ(value(" CLONE_VM | CLONE_FS "), 0x300U);
  EXPECT_EQ(value("~CLONE_VM"), ~std::uint64_t{0x100});
  EXPECT_EQ(value("~(CLONE_VM|CLONE_FS)"), ~std::uint64_t{0x300});
  EXPECT_EQ(value("~~CLONE_VM|2"), 0x102U);
  EXPECT_EQ(value("0"), 0U);
  EXPECT_EQ(value("AT_FDCWD"), static_cast<std::uint64_t>(-100));
}

TEST(Expression, SaysWhatItCannotRead) {
  const auto reason = [](std::string_view text) { return evaluate(Arch::kX86_64, text).error().what; };
  EXPECT_EQ(reason(""), "\"\": a constant's name is missing");
  EXPECT_EQ(reason("CLONE_VM|"), "\"CLONE_VM|\": a constant's name is missing");
  EXPECT_EQ(reason("CLONE_VM CLONE_FS"), "\"CLONE_VM CLONE_FS\": cannot read \"CLONE_FS\"");
  EXPECT_EQ(reason("CLONE_WM"), "\"CLONE_WM\": unknown constant CLONE_WM");
  EXPECT_EQ(reason("4096"), "\"4096\": numbers above 9 need a name, not 4096");
  EXPECT_EQ(reason("0x10000000"), "\"0x10000000\": numbers above 9 need a name, not 0x10000000");
  EXPECT_EQ(reason("-1"), "\"-1\": a constant's name is missing");
  EXPECT_EQ(reason("(CLONE_VM"), "\"(CLONE_VM\": missing )");
  EXPECT_EQ(reason("CLONE_VM)"), "\"CLONE_VM)\": cannot read \")\"");
  EXPECT_TRUE(reason(std::string(100'000, '~') + "CLONE_VM").ends_with("nested too deeply"));
  EXPECT_TRUE(reason(std::string(100'000, '(')).ends_with("nested too deeply"));
}

}  // namespace
}  // namespace bailiff
