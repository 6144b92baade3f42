#include <gtest/gtest.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "spec/json.h"
#include "tests/unit/spec/example_result.h"

namespace bailiff {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using namespace std::string_literals;

std::vector<std::string> keys(const ordered_json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items()) names.push_back(name);
  return names;
}

ordered_json written(const RunResult& run) { return ordered_json::parse(to_json(run)); }

TEST(RunResultJson, IsOneLine) {
  RunResult run = example_result();
  run.stdout_stream.kept = "a\nb\r\n";
  EXPECT_EQ(to_json(run).find_first_of("\n\r"), std::string::npos);
}

TEST(RunResultJson, HasItsKeysInTheOrderOfTheDesign) {
  const ordered_json run = written(example_result());
  using Names = std::vector<std::string>;
  EXPECT_EQ(keys(run), (Names{"status",          "reason",
                              "reason_detail",   "exit_code",
                              "signal",          "killed_by",
                              "limits_exceeded", "violation",
                              "cpu_time",        "wall_time",
                              "peak_memory",     "memory_breakdown",
                              "processes",       "processes_omitted",
                              "stdout",          "stderr",
                              "files",           "residue",
                              "enforced",        "overhead",
                              "sandbox"}));
  EXPECT_EQ(keys(run["cpu_time"]), (Names{"ns", "user_ns", "system_ns", "source", "resolution_ns", "includes",
                                          "complete", "others"}));
  EXPECT_EQ(keys(run["stdout"]), (Names{"text", "bytes", "truncated", "sha256"}));
  EXPECT_EQ(keys(run["stderr"]), (Names{"base64", "bytes", "truncated", "sha256"}));
}

TEST(RunResultJson, HasTheSameKeysWhenNothingIsKnown) {
  const ordered_json empty = written(RunResult{});
  EXPECT_EQ(keys(empty), keys(written(example_result())));
  for (const char* key :
       {"reason", "reason_detail", "exit_code", "signal", "violation", "memory_breakdown"}) {
    EXPECT_TRUE(empty[key].is_null()) << key;
  }
  EXPECT_TRUE(empty["cpu_time"]["user_ns"].is_null());
  EXPECT_EQ(empty["files"], ordered_json::object());
  EXPECT_EQ(empty["enforced"], ordered_json::object());
  EXPECT_EQ(empty["limits_exceeded"], ordered_json::array());
  EXPECT_EQ(empty["processes"], ordered_json::array());
  EXPECT_EQ(empty["sandbox"]["namespaces"], ordered_json::array());
}

TEST(RunResultJson, ShowsAViolation) {
  RunResult run;
  run.violation = {.name = "socket", .nr = 41, .arch = "x86_64", .args = {2, 1, ~std::uint64_t{0}}, .tid = 3};
  EXPECT_EQ(written(run)["violation"].dump(),
            R"({"name":"socket","nr":41,"arch":"x86_64","args":[2,1,18446744073709551615,0,0,0],"tid":3})");
}

TEST(RunResultJson, ShowsAnExitCodeOfZero) {
  RunResult run;
  run.exit_code = 0;
  EXPECT_EQ(written(run)["exit_code"], 0);
  EXPECT_TRUE(written(run)["signal"].is_null());
}

TEST(RunResultJson, ShowsCountsOf64Bits) {
  RunResult run;
  run.stdout_stream.bytes = run.processes_omitted = ~std::uint64_t{0};
  EXPECT_EQ(written(run)["stdout"]["bytes"], ~std::uint64_t{0});
  EXPECT_EQ(written(run)["processes_omitted"], ~std::uint64_t{0});
}

struct Payload {
  const char* name;
  std::string bytes;
  std::string member;  // as it stands on the line
};

class RunResultPayload : public testing::TestWithParam<Payload> {};

TEST_P(RunResultPayload, IsTextWhereItCanBeAndBase64Elsewhere) {
  RunResult run;
  run.stdout_stream.kept = run.files["f"].bytes = GetParam().bytes;
  const std::string line = to_json(run);
  EXPECT_NE(line.find(R"("stdout":{)" + GetParam().member + ",\"bytes\":"), std::string::npos) << line;
  EXPECT_NE(line.find(R"("files":{"f":{)" + GetParam().member + "}}"), std::string::npos) << line;
  EXPECT_TRUE(json::accept(line));
  const json stream = json::parse(line)["stdout"];
  if (stream.contains("text")) {
    EXPECT_EQ(stream["text"].get<std::string>(), GetParam().bytes);
  }
}

std::string every_ascii_byte() {
  std::string bytes;
  for (char c = 0; c < 127; ++c) bytes += c;
  return bytes + '\x7f';
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RunResultPayload,
    testing::Values(
        Payload{"Nothing", "", R"("text":"")"}, Payload{"Plain", "42", R"("text":"42")"},
        Payload{"Quotes", R"("\/)", R"("text":"\"\\/")"},
        Payload{"Lines", "a\nb\r\n", R"("text":"a\nb\r\n")"},
        Payload{"Unicode", "\xE2\x82\xAC\xF0\x9F\x98\x80", "\"text\":\"\xE2\x82\xAC\xF0\x9F\x98\x80\""},
        Payload{"Nul", "\0"s, R"("text":"\u0000")"}, Payload{"EscapeLast", "a\x1b", R"("text":"a\u001b")"},
        Payload{
            "EveryAsciiByte", every_ascii_byte(),
            "\"text\":\""
            R"(\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f)"
            R"(\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f)"
            R"( !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~)"
            "\x7f\""},
        Payload{"Ff", "\xFF", R"("base64":"/w==")"}, Payload{"TwoBytes", "\xFF\x00"s, R"("base64":"/wA=")"},
        Payload{"ThreeBytes", "\xFF\x00\x01"s, R"("base64":"/wAB")"},
        Payload{"CutCharacter", "ok \xE2\x82", R"("base64":"b2sg4oI=")"},
        Payload{"Surrogate", "\xED\xA0\x80", R"("base64":"7aCA")"}),
    [](const auto& row) { return row.param.name; });

TEST(RunResultJson, ShowsWhyAFileIsNotThere) {
  RunResult run;
  run.files = {{"a", {.error = "missing"}}, {"b\"\n", {.bytes = ""}}, {"c", {.error = "too_big"}}};
  EXPECT_NE(
      to_json(run).find(R"("files":{"a":{"error":"missing"},"b\"\n":{"text":""},"c":{"error":"too_big"}})"),
      std::string::npos);
}

TEST(RunResultJson, SurvivesWordsThatAreNotUtf8) {
  RunResult run;
  run.reason_detail = "/box/\xFF";
  run.files["\xFF"].error = "missing";
  EXPECT_EQ(written(run)["reason_detail"], "/box/\xEF\xBF\xBD");
}

TEST(ErrorJson, NamesKindKeyAndMessage) {
  EXPECT_EQ(
      to_json(request_error("limits.processes", "must be an integer from 1 to 65536")),
      R"({"error":{"kind":"request","key":"limits.processes","message":"must be an integer from 1 to 65536"}})");
  EXPECT_EQ(
      to_json(Error{Fault::kHost, ENOENT, "open cgroup run-1", ""}),
      R"({"error":{"kind":"host","key":null,"message":"open cgroup run-1: No such file or directory"}})");
  EXPECT_EQ(to_json(internal_error("lost the keeper")),
            R"({"error":{"kind":"internal","key":null,"message":"lost the keeper"}})");
}

TEST(ErrorJson, IsJsonWhateverTheKeyIs) {
  EXPECT_TRUE(json::accept(to_json(request_error("files.\xFF\"\n\0"s, "is not UTF-8"))));
}

}  // namespace
}  // namespace bailiff
