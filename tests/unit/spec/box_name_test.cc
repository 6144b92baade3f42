#include <gtest/gtest.h>

#include <string>

#include "spec/json.h"

namespace bailiff {
namespace {

using namespace std::string_literals;

struct Case {
  const char* name;
  std::string text;
  const char* refused_for;  // empty: accepted
};

std::string repeat(const std::string& text, std::size_t times) {
  std::string all;
  while (times-- > 0) all += text;
  return all;
}

class BoxName : public testing::TestWithParam<Case> {};

TEST_P(BoxName, IsAcceptedOrRefusedForWhatIsWrongWithIt) {
  const Case& row = GetParam();
  const Result<void> checked = check_box_name(row.text, "files.x");
  if (row.refused_for[0] == '\0') {
    EXPECT_TRUE(checked) << checked.error().message();
    return;
  }
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().fault, Fault::kRequest);
  EXPECT_EQ(checked.error().key, "files.x");
  EXPECT_EQ(checked.error().what.rfind(row.refused_for, 0), 0U) << checked.error().what;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BoxName,
    testing::Values(
        Case{"Plain", "main.py", ""}, Case{"InADirectory", "a/b/c.txt", ""}, Case{"Hidden", ".hidden", ""},
        Case{"ThreeDots", "...", ""}, Case{"DotsInside", "a..b/..c/d..", ""}, Case{"Blank", " ", ""},
        Case{"Newline", "a\nb", ""}, Case{"Backslash", "a\\..\\b", ""},
        Case{"Unicode", "\xC3\xA4/\xE6\x97\xA5", ""}, Case{"LongestComponent", std::string(255, 'x'), ""},
        Case{"LongestName", repeat(std::string(255, 'x') + "/", 15) + std::string(255, 'y'), ""},
        Case{"Empty", "", "is empty"}, Case{"Root", "/", "is absolute"},
        Case{"Absolute", "/etc/passwd", "is absolute"}, Case{"AbsoluteTwice", "//etc", "is absolute"},
        Case{"Dot", ".", "has the component ."}, Case{"DotDot", "..", "has the component .."},
        Case{"UpFirst", "../a", "has the component .."}, Case{"UpInside", "a/../b", "has the component .."},
        Case{"UpLast", "a/..", "has the component .."}, Case{"DotInside", "a/./b", "has the component ."},
        Case{"DotFirst", "./a", "has the component ."}, Case{"SlashSlash", "a//b", "has an empty component"},
        Case{"SlashLast", "a/", "has an empty component"}, Case{"Nul", "a\0b"s, "contains NUL"},
        Case{"NulHidesUp", "a\0/../b"s, "contains NUL"},
        Case{"ComponentTooLong", std::string(256, 'x'), "has a component over 255 bytes"},
        Case{"LastComponentTooLong", "a/" + std::string(256, 'x'), "has a component over 255 bytes"},
        Case{"TooLong", repeat("a/", 2047) + "aa", "is longer than 4095 bytes"},
        Case{"NotUtf8", "a\xFF", "is not UTF-8"}, Case{"OverlongSlash", "a\xC0\xAF", "is not UTF-8"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace bailiff
