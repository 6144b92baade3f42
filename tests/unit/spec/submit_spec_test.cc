#include "spec/submit_spec.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "spec/json.h"

namespace bailiff {
namespace {

using nlohmann::json;

json small() {
  return json::parse(R"({"language": "cpp", "files": {"main.cc": {"content": "int main() {}"}},
    "tests": [{"name": "1"}, {"name": "2"}]})");
}

TEST(SubmitSpec, NeedsALanguageFilesAndTests) {
  const Result<SubmitSpec> spec = parse_submit_spec(small().dump());
  ASSERT_TRUE(spec) << spec.error().key << ": " << spec.error().message();
  EXPECT_EQ(*spec, (SubmitSpec{.language = "cpp",
                               .files = {{"main.cc", {.content = {.bytes = "int main() {}"}}}},
                               .tests = {{.name = "1"}, {.name = "2"}}}));
}

TEST(SubmitSpec, ReadsEveryKey) {
  const Result<SubmitSpec> spec = parse_submit_spec(R"({
    "stop_on_first_failure": true,
    "tests": [
      {"collect": ["out/a", "b"], "limits": {"cpu_time_ms": 1, "memory_bytes": null}, "stdin": {"base64": "/wA="}, "name": "b"},
      {"name": "a b", "stdin": {"path": "in/1"}},
      {"name": "\u00e4", "stdin": {"content": "\n"}, "limits": {}, "collect": []}],
    "compile": {"limits": {"wall_time_ms": 2, "disk_inodes": null}},
    "files": {"lib/a.h": {"path": "a.h"}, "main.cc": {"base64": "Zg==", "mode": "0600"}},
    "language": "no-such"})");
  ASSERT_TRUE(spec) << spec.error().key << ": " << spec.error().message();
  const SubmitSpec expected = {.language = "no-such",
                               .files = {{"lib/a.h", {.content = {.host_path = "a.h"}}},
                                         {"main.cc", {.content = {.bytes = "f"}, .mode = 0600}}},
                               .compile_limits = {{"disk_inodes", std::nullopt}, {"wall_time_ms", 2}},
                               .tests = {{.name = "b",
                                          .stdin_content = {.bytes = std::string("\xFF\0", 2)},
                                          .limits = {{"cpu_time_ms", 1}, {"memory_bytes", std::nullopt}},
                                          .collect = {"out/a", "b"}},
                                         {.name = "a b", .stdin_content = {.host_path = "in/1"}},
                                         {.name = "\xC3\xA4", .stdin_content = {.bytes = "\n"}}},
                               .stop_on_first_failure = true};
  EXPECT_EQ(*spec, expected);
}

struct Wrong {
  const char* name;
  const char* at;     // JSON pointer into small()
  const char* value;  // what to put there; nullptr: take it away
  const char* key;    // what the error names
  const char* message;
};
class SubmitSpecRefuses : public testing::TestWithParam<Wrong> {};

TEST_P(SubmitSpecRefuses, AndNamesTheKey) {
  json document = small();
  const json::json_pointer at(GetParam().at);
  if (GetParam().value != nullptr) {
    document[at] = json::parse(GetParam().value);
  } else {
    document[at.parent_pointer()].erase(at.back());
  }
  const Result<SubmitSpec> spec = parse_submit_spec(document.dump());
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().fault, Fault::kRequest);
  EXPECT_EQ(spec.error().key, GetParam().key);
  EXPECT_NE(spec.error().what.find(GetParam().message), std::string::npos) << spec.error().what;
}

const std::string kLongName = '"' + std::string(256, 'x') + '"';

INSTANTIATE_TEST_SUITE_P(
    Because, SubmitSpecRefuses,
    testing::Values(
        Wrong{"UnknownKey", "/test", "1", "test",
              "here are: language, files, compile, tests, stop_on_first_failure"},
        Wrong{"NoLanguage", "/language", nullptr, "language", "is missing"},
        Wrong{"EmptyLanguage", "/language", "\"\"", "language", "must be the id"},
        Wrong{"LanguageIsANumber", "/language", "1", "language", "must be a string"},
        Wrong{"NoFiles", "/files", nullptr, "files", "at least one file"},
        Wrong{"EmptyFiles", "/files", "{}", "files", "at least one file"},
        Wrong{"FilesArray", "/files", "[]", "files", "must be an object"},
        Wrong{"FileOutside", "/files", R"({"../a": {"content": ""}})", "files.../a", "has the component .."},
        Wrong{"FileBelowFile", "/files", R"({"a": {"content": ""}, "a/b": {"content": ""}})", "files.a/b",
              "is below files.a"},
        Wrong{"FileWithoutSource", "/files/main.cc", "{}", "files.main.cc",
              "exactly one of content, base64, path"},
        Wrong{"FileMode", "/files/main.cc/mode", "\"4755\"", "files.main.cc.mode", "octal"},
        Wrong{"CompileNull", "/compile", "null", "compile", "must be an object"},
        Wrong{"CompilerOfItsOwn", "/compile", R"({"argv": ["/bin/sh"]})", "compile.argv", "here are: limits"},
        Wrong{"CompileLimitUnknown", "/compile", R"({"limits": {"cpu_time_s": 1}})",
              "compile.limits.cpu_time_s", "here are: cpu_time_ms"},
        Wrong{"CompileLimitZero", "/compile", R"({"limits": {"cpu_time_ms": 0}})",
              "compile.limits.cpu_time_ms", "from 1 to 86400000"},
        Wrong{"NoTests", "/tests", nullptr, "tests", "is missing"},
        Wrong{"EmptyTests", "/tests", "[]", "tests", "array of 1 to 10000 tests"},
        Wrong{"TestsObject", "/tests", "{}", "tests", "array of 1 to 10000 tests"},
        Wrong{"TestIsAString", "/tests/1", "\"1\"", "tests[1]", "must be an object"},
        Wrong{"TestUnknownKey", "/tests/1/input", "1", "tests[1].input",
              "here are: name, stdin, limits, collect"},
        Wrong{"TestWithoutName", "/tests/1/name", nullptr, "tests[1].name", "is missing"},
        Wrong{"EmptyName", "/tests/1/name", "\"\"", "tests[1].name", "must be 1 to 255 bytes"},
        Wrong{"LongName", "/tests/1/name", kLongName.c_str(), "tests[1].name", "must be 1 to 255 bytes"},
        Wrong{"NameWithEscape", "/tests/1/name", R"("\u001b[2J")", "tests[1].name",
              "without control characters"},
        Wrong{"NameTwice", "/tests/1/name", "\"1\"", "tests[1].name", "is given twice"},
        Wrong{"LimitZero", "/tests/1/limits", R"({"cpu_time_ms": 0})", "tests[1].limits.cpu_time_ms",
              "from 1 to 86400000, or null"},
        Wrong{"LimitNegative", "/tests/0/limits", R"({"memory_bytes": -1})", "tests[0].limits.memory_bytes",
              "must be an integer"},
        Wrong{"LimitOverflow", "/tests/0/limits", R"({"output_bytes": 18446744073709551616})",
              "tests[0].limits.output_bytes", "must be an integer"},
        Wrong{"LimitFraction", "/tests/0/limits", R"({"wall_time_ms": 1.0})", "tests[0].limits.wall_time_ms",
              "must be an integer"},
        Wrong{"LimitThatIsNeverOff", "/tests/0/limits", R"({"processes": null})", "tests[0].limits.processes",
              "must be an integer"},
        Wrong{"LimitUnknown", "/tests/0/limits", R"({"time": 1})", "tests[0].limits.time",
              "here are: cpu_time_ms"},
        Wrong{"LimitsArray", "/tests/0/limits", "[]", "tests[0].limits", "must be an object"},
        Wrong{"StdinString", "/tests/0/stdin", "\"x\"", "tests[0].stdin", "must be an object"},
        Wrong{"StdinTwoSources", "/tests/0/stdin", R"({"content": "", "path": "x"})", "tests[0].stdin",
              "exactly one of"},
        Wrong{"StdinBase64", "/tests/0/stdin", R"({"base64": "Zg"})", "tests[0].stdin.base64",
              "must be base64"},
        Wrong{"StdinEmptyPath", "/tests/0/stdin", R"({"path": ""})", "tests[0].stdin.path", "path of a file"},
        Wrong{"CollectOutside", "/tests/0/collect", R"(["/etc/shadow"])", "tests[0].collect[0]",
              "is absolute"},
        Wrong{"CollectTwice", "/tests/0/collect", R"(["a", "a"])", "tests[0].collect[1]", "is given twice"},
        Wrong{"StopIsANumber", "/stop_on_first_failure", "1", "stop_on_first_failure",
              "must be true or false"},
        Wrong{"StopIsNull", "/stop_on_first_failure", "null", "stop_on_first_failure",
              "must be true or false"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(SubmitSpec, IsOneObjectWithoutRepeatedKeys) {
  EXPECT_EQ(parse_submit_spec("[]").error().what, "must be an object");
  EXPECT_EQ(parse_submit_spec(R"({"language": "a", "language": "b"})").error().key, "language");
  EXPECT_EQ(parse_submit_spec(R"({"tests": [{"name": "1", "name": "2"}]})").error().key, "tests[0].name");
  EXPECT_EQ(parse_submit_spec("{").error().fault, Fault::kRequest);
  EXPECT_FALSE(parse_submit_spec(""));
  EXPECT_FALSE(parse_submit_spec(small().dump() + "{}"));
}

TEST(SubmitSpec, HasAsManyTestsAsItMay) {
  json document = small();
  document["tests"] = json::array();
  for (std::size_t at = 0; at < kMaxTests; ++at) document["tests"].push_back({{"name", std::to_string(at)}});
  EXPECT_TRUE(parse_submit_spec(document.dump()));
  document["tests"].push_back({{"name", "one more"}});
  EXPECT_EQ(parse_submit_spec(document.dump()).error().key, "tests");
}

TEST(SubmitSpec, IsRefusedUnreadWhenItIsTooBig) {
  EXPECT_EQ(parse_submit_spec(std::string(kMaxSpecBytes + 1, '[')).error().what,
            "spec is 67108865 bytes, must be at most 67108864; larger test data goes by path");
}

TEST(GivenLimits, GoOverThoseOfASpec) {
  RunSpec spec = {.argv = {"/a"}};
  spec.limits.memory = 64_MiB;
  spec.given = {"memory_bytes"};
  give_limits(spec, {{"cpu_time_ms", 2000}, {"stack_bytes", std::nullopt}});
  EXPECT_EQ(spec.limits.cpu_time, 2s);
  EXPECT_EQ(spec.limits.wall_time, 6s);  // follows, as nobody gave it
  EXPECT_EQ(spec.limits.memory, 64_MiB);
  EXPECT_EQ(spec.limits.stack, std::nullopt);
  EXPECT_EQ(spec.given, (std::set<std::string>{"cpu_time_ms", "memory_bytes", "stack_bytes"}));
  give_limits(spec, {{"wall_time_ms", 100}});
  give_limits(spec, {{"cpu_time_ms", 5000}});
  EXPECT_EQ(spec.limits.wall_time, 100ms);  // was given
}

TEST(ParseLimit, ReadsWhatASpecMayHave) {
  EXPECT_EQ(*parse_limit("cpu_time_ms", "2000", "--cpu-time-ms"), 2000U);
  EXPECT_EQ(*parse_limit("cpu_time_ms", "null", "--cpu-time-ms"), std::nullopt);
  for (const char* value :
       {"", "0", "-1", "1.5", "1e3", "86400001", "18446744073709551616", "1 2", "x", "\"1\"", "[1]", "{"}) {
    const auto limit = parse_limit("cpu_time_ms", value, "--cpu-time-ms");
    ASSERT_FALSE(limit) << value;
    EXPECT_EQ(limit.error().fault, Fault::kRequest);
    EXPECT_EQ(limit.error().key, "--cpu-time-ms");
    EXPECT_EQ(limit.error().what, "must be an integer from 1 to 86400000, or null for unlimited") << value;
  }
  EXPECT_FALSE(parse_limit("wall_time_ms", "null", "--wall-time-ms"));
  EXPECT_EQ(parse_limit("cpu", "1", "--cpu").error().key, "--cpu");
}

}  // namespace
}  // namespace bailiff
