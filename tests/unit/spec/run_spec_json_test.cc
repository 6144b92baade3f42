#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "spec/enforceable.h"
#include "spec/json.h"

namespace bailiff {
namespace {

using namespace std::string_literals;

/// A spec that is right except, perhaps, for `members`.
std::string with(const std::string& members) {
  return R"({"argv":["/bin/true"])" + (members.empty() ? "" : "," + members) + "}";
}
std::string with_limit(const std::string& name, const std::string& value) {
  return with(R"("limits":{")" + name + "\":" + value + "}");
}
std::string with_file(const std::string& file) { return with(R"("files":{"f":)" + file + "}"); }

RunSpec parsed(const std::string& json) {
  Result<RunSpec> spec = parse_run_spec(json);
  EXPECT_TRUE(spec) << spec.error().key << ": " << spec.error().message();
  return spec ? *std::move(spec) : RunSpec{};
}

TEST(RunSpecJson, NeedsNoMoreThanArgv) {
  RunSpec expected;
  expected.argv = {"/bin/true"};
  EXPECT_EQ(parsed(with("")), expected);
  EXPECT_EQ(parsed(with(R"("limits":{})")), expected);
}

TEST(RunSpecJson, ReadsEveryKey) {
  RunSpec expected;
  expected.argv = {"./prog", "", "\xC3\xA4"};
  expected.env = {{"A", ""}, {"B", "x=y"}};
  expected.workdir = "/box/sub";
  expected.files = {
      {"a/b", {{"text\0more"s, ""}, 0644}}, {"c", {{"", "in/c"}, 0600}}, {"p", {{"\xFF\x00"s, ""}, 0755}}};
  expected.stdin_content = {"\n", ""};
  expected.collect = {"z", "a/b"};
  expected.limits = {.cpu_time = 1ms,
                     .wall_time = 2ms,
                     .memory = Bytes{65536},
                     .stack = Bytes{65537},
                     .output = Bytes{3},
                     .file_size = Bytes{4},
                     .processes = 5,
                     .open_files = 6,
                     .disk = Bytes{4097},
                     .disk_inodes = 7,
                     .address_space = Bytes{65538},
                     .data_segment = Bytes{65539}};
  expected.seccomp = "compute-2_x";
  expected.require = {{"memory", "cgroup"}};
  expected.accept_missing = {"net", "uid"};
  expected.given = {"address_space_bytes", "cpu_time_ms",     "data_bytes",   "disk_bytes",
                    "disk_inodes",         "file_size_bytes", "memory_bytes", "open_files",
                    "output_bytes",        "processes",       "stack_bytes",  "wall_time_ms"};
  EXPECT_EQ(parsed(R"({
    "accept_missing": ["uid", "net"], "require": {"memory": "cgroup"}, "seccomp": "compute-2_x",
    "limits": {"cpu_time_ms": 1, "wall_time_ms": 2, "memory_bytes": 65536, "stack_bytes": 65537, "output_bytes": 3,
               "file_size_bytes": 4, "processes": 5, "open_files": 6, "disk_bytes": 4097, "disk_inodes": 7,
               "address_space_bytes": 65538, "data_bytes": 65539},
    "collect": ["z", "a/b"], "stdin": {"content": "\n"},
    "files": {"a/b": {"content": "text\u0000more"}, "c": {"path": "in/c", "mode": "600"},
              "p": {"base64": "/wA=", "mode": "0755"}},
    "workdir": "/box/sub", "env": {"B": "x=y", "A": ""}, "argv": ["./prog", "", "\u00e4"]})"),
            expected);
}

TEST(RunSpecJson, NullIsUnlimited) {
  const RunSpec spec = parsed(with(R"("limits":{"cpu_time_ms":null,"memory_bytes":null,"stack_bytes":null,
      "file_size_bytes":null,"disk_inodes":null,"address_space_bytes":null,"data_bytes":null})"));
  Limits expected = {
      .cpu_time = std::nullopt, .wall_time = 30s, .memory = std::nullopt, .stack = std::nullopt};
  expected.file_size = std::nullopt;
  expected.disk_inodes = std::nullopt;
  EXPECT_EQ(spec.limits, expected);
  EXPECT_EQ(spec.given.size(), 7U);
}

TEST(RunSpecJson, AnEnvironmentReplacesTheDefaultOne) {
  EXPECT_TRUE(parsed(with(R"("env":{})")).env.empty());
}

TEST(RunSpecJson, WallTimeFollowsCpuTimeWhenItIsNotGiven) {
  EXPECT_EQ(parsed(with_limit("cpu_time_ms", "1")).limits.wall_time, 3s);
  EXPECT_EQ(parsed(with_limit("cpu_time_ms", "1000")).limits.wall_time, 3s);
  EXPECT_EQ(parsed(with_limit("cpu_time_ms", "1001")).limits.wall_time, 3003ms);
  EXPECT_EQ(parsed(with_limit("cpu_time_ms", "86400000")).limits.wall_time, 86'400'000ms);
  EXPECT_EQ(parsed(with_limit("cpu_time_ms", "null")).limits.wall_time, 30s);
  EXPECT_FALSE(parsed(with_limit("cpu_time_ms", "5000")).given.contains("wall_time_ms"));
}

TEST(RunSpecJson, KnowsEveryLimitAndLayerByName) {
  for (const std::string_view name : kEnforceable) {
    const std::string quoted = '"' + std::string(name) + '"';
    EXPECT_EQ(parsed(with(R"("require":{)" + quoted + R"(:"x"})")).require.size(), 1U);
    EXPECT_EQ(parsed(with(R"("accept_missing":[)" + quoted + "]")).accept_missing.size(), 1U);
  }
}

TEST(RunSpecJson, ReadsBase64OfEveryLength) {
  const std::array<std::pair<const char*, std::string>, 8> kRows = {{{"", ""},
                                                                     {"AA==", "\0"s},
                                                                     {"Zg==", "f"},
                                                                     {"Zm8=", "fo"},
                                                                     {"Zm9v", "foo"},
                                                                     {"Zm9vYg==", "foob"},
                                                                     {"+/+/", "\xFB\xFF\xBF"},
                                                                     {"/w==", "\xFF"}}};
  for (const auto& [text, bytes] : kRows) {
    EXPECT_EQ(parsed(with(R"("stdin":{"base64":")"s + text + "\"}")).stdin_content.bytes, bytes) << text;
  }
}

TEST(RunSpecJson, TakesNamesThatOnlyLookAlike) {
  // "a!" sorts between "a" and "a/": the check for files in the way must not depend on neighbours in byte
  // order.
  EXPECT_EQ(
      parsed(
          with(
              R"("files":{"a!/b":{"content":""},"a":{"content":""},"ab/c":{"content":""},"A/b":{"content":""}})"))
          .files.size(),
      4U);
  EXPECT_EQ(parsed(with(R"("collect":["a","a/b","A"])")).collect.size(), 3U);
}

// What execve(2) on Linux takes to the byte, with the path counted twice.
std::string with_argument_bytes(std::size_t total, const std::string& members = "") {
  std::string json = R"({"argv":["/a")";
  std::size_t used = 3 + 3 + 8;
  while (used < total) {
    std::size_t bytes = std::min<std::size_t>(131071, total - used - 9);
    if (const std::size_t rest = total - used - 9 - bytes; rest > 0 && rest < 9) bytes -= 9;
    json += ",\"" + std::string(bytes, 'x') + '"';
    used += bytes + 9;
  }
  return json + "]" + members + "}";
}

TEST(RunSpecJson, TakesTheArgumentsThatExecTakes) {
  const std::string env = R"(,"env":{})";
  EXPECT_TRUE(parse_run_spec(with_argument_bytes(6291456, env)));
  EXPECT_EQ(parse_run_spec(with_argument_bytes(6291457, env)).error().key, "argv");
  EXPECT_EQ(parse_run_spec(with_argument_bytes(6291456 - 10, R"(,"env":{"A":""})")).error().key, "argv");
  EXPECT_TRUE(parse_run_spec(with_argument_bytes(6291456 - 11, R"(,"env":{"A":""})")));
}

TEST(RunSpecJson, ASmallStackLeavesLessRoomForArguments) {
  const std::string mebi = R"(,"env":{},"limits":{"stack_bytes":1048576})";
  EXPECT_TRUE(parse_run_spec(with_argument_bytes(262144, mebi)));
  EXPECT_EQ(parse_run_spec(with_argument_bytes(262145, mebi)).error().key, "argv");
  const std::string smallest = R"(,"env":{},"limits":{"stack_bytes":65536})";
  EXPECT_TRUE(parse_run_spec(with_argument_bytes(131072, smallest)));
  EXPECT_FALSE(parse_run_spec(with_argument_bytes(131073, smallest)));
}

TEST(RunSpecJson, RefusesAnEnvironmentExecWouldNotTake) {
  std::string env;
  for (int at = 0; at < 49; ++at) {
    env += (env.empty() ? "\"V" : ",\"V") + std::to_string(at) + "\":\"" + std::string(130000, 'x') + '"';
  }
  EXPECT_EQ(parse_run_spec(with(R"("env":{)" + env + "}")).error().key, "env");
}

TEST(RunSpecJson, RefusesASpecThatIsTooBigUnread) {
  const std::string spec = with("");
  EXPECT_TRUE(parse_run_spec(spec + std::string(kMaxSpecBytes - spec.size(), ' ')));
  const Error error = parse_run_spec(std::string(kMaxSpecBytes + 1, '[')).error();
  EXPECT_EQ(error.key, "");
  EXPECT_EQ(error.what, "spec is 67108865 bytes, must be at most 67108864; larger test data goes by path");
}

TEST(RunSpecJson, SurvivesEveryTruncation) {
  const std::string spec =
      with(R"("files":{"a":{"base64":"Zm8=","mode":"0644"}},"limits":{"cpu_time_ms":null})");
  for (std::size_t length = 0; length < spec.size(); ++length) {
    const Result<RunSpec> cut = parse_run_spec(std::string_view(spec).substr(0, length));
    ASSERT_FALSE(cut);
    EXPECT_NE(cut.error().what.find("byte offset " + std::to_string(length)), std::string::npos)
        << cut.error().what;
  }
}

struct LimitCase {
  const char* key;
  std::uint64_t low, high;
  bool null_ok;
};

class LimitRange : public testing::TestWithParam<LimitCase> {};

TEST_P(LimitRange, IsKeptToTheUnit) {
  const LimitCase& row = GetParam();
  const std::string what = "must be an integer from " + std::to_string(row.low) + " to " +
                           std::to_string(row.high) + (row.null_ok ? ", or null for unlimited" : "");
  const auto refuses = [&](const std::string& value) {
    const Result<RunSpec> spec = parse_run_spec(with_limit(row.key, value));
    EXPECT_FALSE(spec) << value;
    if (spec) return;
    EXPECT_EQ(spec.error().fault, Fault::kRequest);
    EXPECT_EQ(spec.error().key, "limits."s + row.key) << value;
    EXPECT_EQ(spec.error().what, what) << value;
  };
  EXPECT_TRUE(parse_run_spec(with_limit(row.key, std::to_string(row.low))));
  EXPECT_TRUE(parse_run_spec(with_limit(row.key, std::to_string(row.high))));
  EXPECT_EQ(bool(parse_run_spec(with_limit(row.key, "null"))), row.null_ok);
  refuses(std::to_string(row.low - 1));
  refuses(std::to_string(row.high + 1));
  if (!row.null_ok) refuses("null");
  for (const char* value :
       {"0", "-0", "-1", "-9223372036854775808", "-9223372036854775809", "9223372036854775808",
        "18446744073709551615", "18446744073709551616", "100000000000000000000000000000", "65536.0",
        "65536.5", "7e4", "\"65536\"", "true", "[]", "[65536]", "{}", "\"unlimited\""}) {
    refuses(value);
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, LimitRange,
                         testing::Values(LimitCase{"cpu_time_ms", 1, 86400000, true},
                                         LimitCase{"wall_time_ms", 1, 86400000, false},
                                         LimitCase{"memory_bytes", 65536, 1125899906842624, true},
                                         LimitCase{"stack_bytes", 65536, 70368744177664, true},
                                         LimitCase{"output_bytes", 1, 1073741824, false},
                                         LimitCase{"file_size_bytes", 1, 1125899906842624, true},
                                         LimitCase{"processes", 1, 65536, false},
                                         LimitCase{"open_files", 4, 1048576, false},
                                         LimitCase{"disk_bytes", 4096, 70368744177664, false},
                                         LimitCase{"disk_inodes", 1, 4294967296, true},
                                         LimitCase{"address_space_bytes", 65536, 1125899906842624, true},
                                         LimitCase{"data_bytes", 65536, 1125899906842624, true}),
                         [](const auto& row) { return row.param.key; });

struct Refused {
  const char* name;
  std::string json;
  std::string key;
  std::string message;  // its beginning
};

class RunSpecRefuses : public testing::TestWithParam<Refused> {};

TEST_P(RunSpecRefuses, AndNamesTheKey) {
  const Result<RunSpec> spec = parse_run_spec(GetParam().json);
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().fault, Fault::kRequest);
  EXPECT_EQ(spec.error().code, 0);
  EXPECT_EQ(spec.error().key, GetParam().key);
  EXPECT_EQ(spec.error().what.rfind(GetParam().message, 0), 0U) << spec.error().what;
}

const auto kRowName = [](const auto& row) { return std::string(row.param.name); };

INSTANTIATE_TEST_SUITE_P(
    Document, RunSpecRefuses,
    testing::Values(
        Refused{"Array", "[]", "", "must be an object"}, Refused{"Null", "null", "", "must be an object"},
        Refused{"Number", "1", "", "must be an object"}, Refused{"NoArgv", "{}", "argv", "is missing"},
        Refused{"UnknownKey", with(R"("Argv":[])"), "Argv", "is not a known key; here are: argv, env"},
        Refused{"EmptyKey", with(R"("":1)"), "\"\"", "is not a known key"},
        Refused{"DuplicateKey", with(R"("argv":["/b"])"), "argv", "is given twice"},
        Refused{"UnknownLimit", with_limit("cpu_time_s", "1"), "limits.cpu_time_s",
                "is not a known key; here are: cpu_time_ms, wall_time_ms"},
        Refused{"DuplicateLimit", with(R"("limits":{"processes":1,"processes":1})"), "limits.processes",
                "is given twice"},
        Refused{"LimitBeyondAllBounds", with_limit("processes", "1e999"), "limits.processes",
                "is a number beyond all bounds"},
        Refused{"LimitsNotAnObject", with(R"("limits":[1])"), "limits", "must be an object"},
        Refused{"LimitsNull", with(R"("limits":null)"), "limits", "must be an object"},
        Refused{"NotUtf8", "{\"argv\":[\"/\xFF\"]}", "", "is not valid JSON at byte offset 11: "}),
    kRowName);

INSTANTIATE_TEST_SUITE_P(
    Argv, RunSpecRefuses,
    testing::Values(
        Refused{"Empty", R"({"argv":[]})", "argv", "must be a non-empty array of strings"},
        Refused{"Null", R"({"argv":null})", "argv", "must be a non-empty array of strings"},
        Refused{"String", R"({"argv":"/bin/true"})", "argv", "must be a non-empty array of strings"},
        Refused{"Object", R"({"argv":{"0":"/a"}})", "argv", "must be a non-empty array of strings"},
        Refused{"NumberInside", R"({"argv":["/a","b",3]})", "argv[2]", "must be a string"},
        Refused{"NullInside", R"({"argv":["/a",null]})", "argv[1]", "must be a string"},
        Refused{"NoSlash", R"({"argv":["python3"]})", "argv[0]", "must contain a '/'"},
        Refused{"EmptyProgram", R"({"argv":[""]})", "argv[0]", "must contain a '/'"},
        Refused{"Nul", R"({"argv":["/a","b\u0000c"]})", "argv[1]", "must not contain NUL"},
        Refused{"TooLong", R"({"argv":["/a",")" + std::string(131072, 'x') + "\"]}", "argv[1]",
                "must be at most 131071 bytes"}),
    kRowName);

INSTANTIATE_TEST_SUITE_P(
    EnvAndWorkdir, RunSpecRefuses,
    testing::Values(
        Refused{"EnvArray", with(R"("env":["A=b"])"), "env", "must be an object"},
        Refused{"EnvNull", with(R"("env":null)"), "env", "must be an object"},
        Refused{"EnvNumber", with(R"("env":{"A":1})"), "env.A", "must be a string"},
        Refused{"EnvValueNull", with(R"("env":{"A":null})"), "env.A", "must be a string"},
        Refused{"EnvEmptyName", with(R"("env":{"":"x"})"), "env.\"\"", "must have a name"},
        Refused{"EnvEquals", with(R"("env":{"A=B":"x"})"), "env.A=B", "must have a name"},
        Refused{"EnvNulInName", with(R"("env":{"A\u0000B":"x"})"), "env.A\0B"s, "must have a name"},
        Refused{"EnvNulInValue", with(R"("env":{"A":"x\u0000"})"), "env.A", "must not contain NUL"},
        Refused{"EnvDuplicate", with(R"("env":{"A":"x","A":"x"})"), "env.A", "is given twice"},
        Refused{"EnvTooLong", with(R"("env":{"A":")" + std::string(131070, 'x') + "\"}"), "env.A",
                "must be at most 131071 bytes, name and '=' included"},
        Refused{"WorkdirRelative", with(R"("workdir":"box")"), "workdir", "must be an absolute path"},
        Refused{"WorkdirEmpty", with(R"("workdir":"")"), "workdir", "must be an absolute path"},
        Refused{"WorkdirNul", with(R"("workdir":"/\u0000")"), "workdir", "must not contain NUL"},
        Refused{"WorkdirNull", with(R"("workdir":null)"), "workdir", "must be a string"},
        Refused{"WorkdirTooLong", with(R"("workdir":"/)" + std::string(4095, 'x') + "\""), "workdir",
                "must be at most 4095 bytes"}),
    kRowName);

INSTANTIATE_TEST_SUITE_P(
    Files, RunSpecRefuses,
    testing::Values(
        Refused{"Array", with(R"("files":[])"), "files", "must be an object"},
        Refused{"Null", with(R"("files":null)"), "files", "must be an object"},
        Refused{"FileIsAString", with_file(R"("x")"), "files.f", "must be an object"},
        Refused{"FileIsNull", with_file("null"), "files.f", "must be an object"},
        Refused{"NoSource", with_file("{}"), "files.f", "must have exactly one of content, base64, path"},
        Refused{"OnlyAMode", with_file(R"({"mode":"0644"})"), "files.f", "must have exactly one of"},
        Refused{"TwoSources", with_file(R"({"content":"","path":"x"})"), "files.f",
                "must have exactly one of"},
        Refused{"UnknownKey", with_file(R"({"contents":""})"), "files.f.contents",
                "is not a known key; here are: content, base64, path, mode"},
        Refused{"DuplicateKey", with_file(R"({"content":"","content":""})"), "files.f.content",
                "is given twice"},
        Refused{"ContentNull", with_file(R"({"content":null})"), "files.f.content", "must be a string"},
        Refused{"ContentNumber", with_file(R"({"content":1})"), "files.f.content", "must be a string"},
        Refused{"PathEmpty", with_file(R"({"path":""})"), "files.f.path", "must be the path of a file"},
        Refused{"PathNul", with_file(R"({"path":"a\u0000b"})"), "files.f.path", "must not contain NUL"},
        Refused{"PathNumber", with_file(R"({"path":1})"), "files.f.path", "must be a string"},
        Refused{"NameUp", with(R"("files":{"a/../b":{"content":""}})"), "files.a/../b",
                "has the component .."},
        Refused{"NameAbsolute", with(R"("files":{"/a":{"content":""}})"), "files./a", "is absolute"},
        Refused{"NameEmpty", with(R"("files":{"":{"content":""}})"), "files.\"\"", "is empty"},
        Refused{"NameNul", with(R"("files":{"a\u0000":{"content":""}})"), "files.a\0"s, "contains NUL"},
        Refused{"NameTwice", with(R"("files":{"a":{"content":""},"a":{"content":""}})"), "files.a",
                "is given twice"},
        Refused{"FileInTheWay",
                with(R"("files":{"a":{"content":""},"a!":{"content":""},"a/b":{"content":""}})"), "files.a/b",
                "is below files.a, which is a file"},
        Refused{"FileInTheWayFarAbove",
                with(R"("files":{"a/b":{"content":""},"a/b-c":{"content":""},"a/b/c/d/e":{"content":""}})"),
                "files.a/b/c/d/e", "is below files.a/b, which is a file"}),
    kRowName);

Refused bad_mode(const char* name, const std::string& mode) {
  return {name, with_file(R"({"content":"","mode":)" + mode + "}"), "files.f.mode",
          R"(must be an octal string from "0000" to "0777")"};
}

INSTANTIATE_TEST_SUITE_P(Mode, RunSpecRefuses,
                         testing::Values(bad_mode("Setuid", R"("4755")"), bad_mode("Sticky", R"("1777")"),
                                         bad_mode("Number", "493"), bad_mode("Null", "null"),
                                         bad_mode("Empty", R"("")"), bad_mode("NotOctal", R"("0798")"),
                                         bad_mode("Prefixed", R"("0o755")"), bad_mode("Hex", R"("0x1f")"),
                                         bad_mode("Signed", R"("+755")"), bad_mode("Blank", R"(" 755")"),
                                         bad_mode("TooLong", R"("00755")"), bad_mode("Symbolic", R"("u+x")")),
                         kRowName);

Refused bad_base64(const char* name, const std::string& text) {
  return {name, with(R"("stdin":{"base64":")" + text + "\"}"), "stdin.base64", "must be base64 (RFC 4648"};
}

INSTANTIATE_TEST_SUITE_P(
    Base64, RunSpecRefuses,
    testing::Values(bad_base64("OneCharacter", "Z"), bad_base64("NoPadding", "Zg"),
                    bad_base64("HalfThePadding", "Zg="), bad_base64("NoPaddingOfOne", "Zm8"),
                    bad_base64("TooMuchPadding", "Zm8=="), bad_base64("PaddingAlone", "="),
                    bad_base64("FourPads", "===="), bad_base64("ThreePads", "Z==="),
                    bad_base64("FullGroupAndPads", "Zm9v===="), bad_base64("PaddingInside", "Zg==Zg=="),
                    bad_base64("PaddingSplit", "Zg=g="), bad_base64("LeftoverBits", "Zh=="),
                    bad_base64("LeftoverBitsOfTwo", "Zm9="), bad_base64("UrlAlphabet", "-_-_"),
                    bad_base64("Newline", "Zm9v\\n"), bad_base64("BlankInside", "Zm 9v"),
                    bad_base64("FourBlanks", "    "), bad_base64("Nul", "Zm9v\\u0000"),
                    bad_base64("NotAscii", "Zm9\xC3\xA4"), bad_base64("Punctuation", "Zm9!")),
    kRowName);

INSTANTIATE_TEST_SUITE_P(
    StdinAndCollect, RunSpecRefuses,
    testing::Values(
        Refused{"StdinString", with(R"("stdin":"42")"), "stdin", "must be an object"},
        Refused{"StdinNull", with(R"("stdin":null)"), "stdin", "must be an object"},
        Refused{"StdinEmpty", with(R"("stdin":{})"), "stdin", "must have exactly one of"},
        Refused{"StdinThree", with(R"("stdin":{"content":"","base64":"","path":"x"})"), "stdin",
                "must have exactly"},
        Refused{"StdinMode", with(R"("stdin":{"content":"","mode":"0644"})"), "stdin.mode",
                "is not a known key"},
        Refused{"Base64Number", with(R"("stdin":{"base64":1})"), "stdin.base64", "must be a string"},
        Refused{"CollectObject", with(R"("collect":{})"), "collect",
                "must be an array of at most 1000 names"},
        Refused{"CollectString", with(R"("collect":"a")"), "collect", "must be an array"},
        Refused{"CollectNull", with(R"("collect":null)"), "collect", "must be an array"},
        Refused{"CollectNumber", with(R"("collect":["a",1])"), "collect[1]", "must be a string"},
        Refused{"CollectUp", with(R"("collect":["../a"])"), "collect[0]", "has the component .."},
        Refused{"CollectNul", with(R"("collect":["a\u0000/../b"])"), "collect[0]", "contains NUL"},
        Refused{"CollectTwice", with(R"("collect":["a","b","a"])"), "collect[2]", "is given twice"}),
    kRowName);

INSTANTIATE_TEST_SUITE_P(
    Protection, RunSpecRefuses,
    testing::Values(
        Refused{"SeccompNull", with(R"("seccomp":null)"), "seccomp", "must be the name of a profile"},
        Refused{"SeccompEmpty", with(R"("seccomp":"")"), "seccomp", "must be the name of a profile"},
        Refused{"SeccompPath", with(R"("seccomp":"../x")"), "seccomp", "must be the name of a profile"},
        Refused{"SeccompUpper", with(R"("seccomp":"Default")"), "seccomp", "must be the name of a profile"},
        Refused{"SeccompNewline", with(R"("seccomp":"default\n")"), "seccomp",
                "must be the name of a profile"},
        Refused{"SeccompTooLong", with(R"("seccomp":")" + std::string(65, 'x') + "\""), "seccomp",
                "must be the name of a profile"},
        Refused{"SeccompObject", with(R"("seccomp":{})"), "seccomp", "must be the name of a profile"},
        Refused{"RequireArray", with(R"("require":["memory"])"), "require", "must be an object"},
        Refused{"RequireUnknown", with(R"("require":{"memory_bytes":"cgroup"})"), "require.memory_bytes",
                "must be one of cpu_time, wall_time,"},
        Refused{"RequireNumber", with(R"("require":{"memory":1})"), "require.memory", "must be a string"},
        Refused{"RequireNull", with(R"("require":{"memory":null})"), "require.memory", "must be a string"},
        Refused{"RequireEmpty", with(R"("require":{"memory":""})"), "require.memory",
                "must be the name of a mechanism"},
        Refused{"AcceptObject", with(R"("accept_missing":{})"), "accept_missing", "must be an array"},
        Refused{"AcceptNull", with(R"("accept_missing":null)"), "accept_missing", "must be an array"},
        Refused{"AcceptUnknown", with(R"("accept_missing":["net","all"])"), "accept_missing[1]",
                "must be one of cpu_time"},
        Refused{"AcceptNumber", with(R"("accept_missing":[1])"), "accept_missing[0]", "must be a string"},
        Refused{"AcceptTwice", with(R"("accept_missing":["net","net"])"), "accept_missing[1]",
                "is given twice"}),
    kRowName);

TEST(RunSpecJson, CollectsAThousandNamesAndNoMore) {
  std::string names;
  for (int at = 0; at < 1000; ++at) names += (at == 0 ? "\"f" : ",\"f") + std::to_string(at) + '"';
  EXPECT_EQ(parsed(with(R"("collect":[)" + names + "]")).collect.size(), 1000U);
  EXPECT_EQ(parse_run_spec(with(R"("collect":[)" + names + ",\"x\"]")).error().key, "collect");
}

}  // namespace
}  // namespace bailiff
