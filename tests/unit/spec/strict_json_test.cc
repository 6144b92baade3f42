#include "spec/strict_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace bailiff {
namespace {

using namespace std::string_literals;

std::string repeat(const std::string& text, std::size_t times) {
  std::string all;
  all.reserve(text.size() * times);
  while (times-- > 0) all += text;
  return all;
}

TEST(StrictJson, KeepsEveryKindOfValue) {
  const char* text = R"({"a":[1,-2,0.5,"x",null,true,[],{}],"b":{"c":{"d":18446744073709551615}}})";
  const auto tree = parse_strict_json(text);
  ASSERT_TRUE(tree) << tree.error().message();
  EXPECT_EQ(tree->dump(), text);
}

TEST(StrictJson, TakesScalarsAtTheTop) {
  EXPECT_EQ(parse_strict_json(" 7 ")->get<int>(), 7);
  EXPECT_TRUE(parse_strict_json("null")->is_null());
}

struct Case {
  const char* name;
  std::string text;
  std::string key;
  std::string message;  // its beginning
};

class StrictJsonRefuses : public testing::TestWithParam<Case> {};

TEST_P(StrictJsonRefuses, AndSaysWhere) {
  const auto tree = parse_strict_json(GetParam().text);
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().fault, Fault::kRequest);
  EXPECT_EQ(tree.error().key, GetParam().key);
  EXPECT_EQ(tree.error().what.rfind(GetParam().message, 0), 0U) << tree.error().what;
  EXPECT_LT(tree.error().what.size(), 200U);
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, StrictJsonRefuses,
    testing::Values(Case{"Nothing", "", "", "is not valid JSON at byte offset 0: syntax error"},
                    Case{"Blank", "  \n", "", "is not valid JSON at byte offset 3: syntax error"},
                    Case{"Truncated", R"({"argv": [)", "", "is not valid JSON at byte offset 10: "},
                    Case{"TruncatedString", R"({"argv": ["/a)", "", "is not valid JSON at byte offset 13: "},
                    Case{"TruncatedEscape", R"(["\u00)", "", "is not valid JSON at byte offset 6: "},
                    Case{"TrailingComma", "[1,]", "", "is not valid JSON at byte offset 3: "},
                    Case{"TrailingText", "{} x", "", "is not valid JSON at byte offset 3: "},
                    Case{"SecondDocument", "{}{}", "", "is not valid JSON at byte offset 2: "},
                    Case{"Comment", "{} // x", "", "is not valid JSON at byte offset 3: "},
                    Case{"SingleQuotes", "{'a':1}", "", "is not valid JSON at byte offset 1: "},
                    Case{"NanWord", "[NaN]", "", "is not valid JSON at byte offset 1: "},
                    Case{"LeadingZero", "[01]", "", "is not valid JSON at byte offset 2: "},
                    Case{"NulAfterTheEnd", "{}\0{}"s, "", "is not valid JSON at byte offset 2: a NUL byte"},
                    Case{"NulInAString", "[\"a\0b\"]"s, "", "is not valid JSON at byte offset 3: a NUL byte"},
                    Case{"RawNewlineInAString", "[\"a\nb\"]", "", "is not valid JSON at byte offset 3: "},
                    Case{"NotUtf8", "[\"\xFF\"]", "", "is not valid JSON at byte offset 2: "},
                    Case{"OverlongUtf8", "[\"\xC0\xAF\"]", "", "is not valid JSON at byte offset 2: "},
                    Case{"Utf8Surrogate", "[\"\xED\xA0\x80\"]", "", "is not valid JSON at byte offset "},
                    Case{"LoneHighSurrogate", R"(["\ud800"])", "", "is not valid JSON at byte offset "},
                    Case{"LoneLowSurrogate", R"(["\udc00"])", "", "is not valid JSON at byte offset "},
                    Case{"Utf16", "\xFF\xFE{", "", "is not valid JSON at byte offset "},
                    Case{"LongTokenIsNotRepeated", "[" + std::string(100000, 'x') + "]", "",
                         "is not valid JSON at byte offset "},
                    Case{"LongStringIsNotRepeated", "[\"" + std::string(100000, 'x'), "",
                         "is not valid JSON at byte offset "}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Shape, StrictJsonRefuses,
    testing::Values(
        Case{"DuplicateAtTheTop", R"({"a":1,"b":2,"a":3})", "a", "is given twice"},
        Case{"DuplicateInside", R"({"a":{"b":[{"c":1},{"c":1,"d":{},"c":2}]}})", "a.b[1].c",
             "is given twice"},
        Case{"DuplicateByEscape", R"({"a":1,"\u0061":2})", "a", "is given twice"},
        Case{"DuplicateEmpty", R"({"":1,"":2})", "\"\"", "is given twice"},
        Case{"DuplicateAfterArrays", R"({"a":[[1,2],[3,{"x":[],"x":0}]]})", "a[1][1].x", "is given twice"},
        Case{"DuplicateBeforeASyntaxError", R"({"a":1,"a":)", "a", "is given twice"},
        Case{"NumberBeyondAllBounds", R"({"a":[0,1e999]})", "a[1]", "is a number beyond all bounds"},
        Case{"TooDeep", R"({"a":[0,[[[[[[[]]]]]]]]})", "a[1][0][0][0][0][0][0]",
             "is nested too deeply; at most 8"}),
    [](const auto& row) { return row.param.name; });

TEST(StrictJson, IsNotExhaustedByNesting) {
  const Error arrays = parse_strict_json(std::string(1000000, '[')).error();
  EXPECT_EQ(arrays.key, "[0][0][0][0][0][0][0][0]");
  EXPECT_EQ(arrays.what, "is nested too deeply; at most 8 levels");
  EXPECT_EQ(parse_strict_json(repeat(R"({"a":)", 1000000)).error().key, "a.a.a.a.a.a.a.a");
}

TEST(StrictJson, IsNotExhaustedByValues) {
  const Error error = parse_strict_json("[" + repeat("0,", kMaxJsonValues) + "0]").error();
  EXPECT_EQ(error.key, "[1048575]");
  EXPECT_EQ(error.what, "is one value too many; a document has at most 1048576");
}

TEST(StrictJson, TakesTheDeepestAndTheLargestItMay) {
  EXPECT_TRUE(parse_strict_json("[[[[[[[[0]]]]]]]]"));
  EXPECT_TRUE(parse_strict_json("[" + repeat("0,", kMaxJsonValues - 2) + "0]"));
}

TEST(StrictJson, ShortensAKeyThatIsLongerThanAnyName) {
  std::string name = "a";
  for (int at = 0; at < 5000; ++at) name += "\xC3\xA4";
  const Error error = parse_strict_json("{\"" + name + "\":1,\"" + name + "\":2}").error();
  EXPECT_LE(error.key.size(), 4203U);
  EXPECT_EQ(error.key.substr(error.key.size() - 5), "\xC3\xA4...");
}

}  // namespace
}  // namespace bailiff
