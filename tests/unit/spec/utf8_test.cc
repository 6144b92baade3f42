#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace bailiff {
namespace {

using namespace std::string_literals;

struct Case {
  const char* name;
  std::string text;
  bool valid;
};

class Utf8 : public testing::TestWithParam<Case> {};

TEST_P(Utf8, IsToldFromOtherBytes) { EXPECT_EQ(is_utf8(GetParam().text), GetParam().valid); }

// The bad byte must be found wherever it is in the words that are read eight bytes at a time.
TEST_P(Utf8, IsToldFromOtherBytesAtEveryOffset) {
  for (std::size_t before = 0; before < 18; ++before) {
    for (std::size_t after = 0; after < 10; ++after) {
      const std::string text = std::string(before, 'a') + GetParam().text + std::string(after, 'z');
      EXPECT_EQ(is_utf8(text), GetParam().valid) << before << " before, " << after << " after";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Utf8,
    testing::Values(
        Case{"Nothing", "", true}, Case{"Ascii", "The quick brown fox\n\t\x7f", true},
        Case{"Nul", "a\0b"s, true}, Case{"TwoBytesFirst", "\xC2\x80", true},
        Case{"TwoBytesLast", "\xDF\xBF", true}, Case{"ThreeBytesFirst", "\xE0\xA0\x80", true},
        Case{"BeforeTheSurrogates", "\xED\x9F\xBF", true}, Case{"AfterTheSurrogates", "\xEE\x80\x80", true},
        Case{"ThreeBytesLast", "\xEF\xBF\xBF", true}, Case{"FourBytesFirst", "\xF0\x90\x80\x80", true},
        Case{"LastCodePoint", "\xF4\x8F\xBF\xBF", true}, Case{"LoneContinuation", "\x80", false},
        Case{"OverlongSlash", "\xC0\xAF", false}, Case{"OverlongTwoBytes", "\xC1\xBF", false},
        Case{"OverlongThreeBytes", "\xE0\x9F\xBF", false},
        Case{"OverlongFourBytes", "\xF0\x8F\xBF\xBF", false}, Case{"FirstSurrogate", "\xED\xA0\x80", false},
        Case{"LastSurrogate", "\xED\xBF\xBF", false},
        Case{"BeyondTheLastCodePoint", "\xF4\x90\x80\x80", false}, Case{"LeadF5", "\xF5\x80\x80\x80", false},
        Case{"Ff", "\xFF", false}, Case{"CutAfterOneOfTwo", "\xC3", false},
        Case{"CutAfterOneOfThree", "\xE2", false}, Case{"CutAfterTwoOfThree", "\xE2\x82", false},
        Case{"CutAfterThreeOfFour", "\xF0\x9F\x98", false}, Case{"SecondByteIsAscii", "\xE2\x28\xA1", false},
        Case{"ThirdByteIsALead", "\xE2\x82\xC3", false},
        Case{"FourthByteIsAscii", "\xF0\x9F\x98\x28", false}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace bailiff
