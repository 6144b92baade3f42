#include "spec/serve_message.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "spec/frame.h"
#include "spec/json.h"
#include "tests/unit/spec/example_result.h"

namespace bailiff {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using namespace std::string_literals;

template <typename Wanted>
Wanted parsed(const std::string& header, std::uint64_t body_bytes = 0) {
  std::uint64_t id = 0;
  Result<Request> request = parse_request(header, body_bytes, &id);
  EXPECT_TRUE(request) << request.error().key << ": " << request.error().message();
  if (!request) return {};
  const auto* wanted = std::get_if<Wanted>(&*request);
  EXPECT_NE(wanted, nullptr) << header;
  if (wanted == nullptr) return {};
  EXPECT_EQ(wanted->id, id);
  return *wanted;
}

// Good requests

TEST(ServeRequest, OpensABox) {
  const auto open = parsed<OpenRequest>(R"({"op":"open","id":1,"box":"s1",
      "limits":{"disk_bytes":4096,"disk_inodes":7},
      "files":[{"name":"main.py","bytes":12,"mode":"0600"},{"name":"t.in","path":"sub/t.in"},
               {"name":"bin/a","mode":"755","bytes":0},{"name":"z","bytes":30}]})",
                                        42);
  EXPECT_EQ(open.id, 1U);
  EXPECT_EQ(open.box, "s1");
  EXPECT_EQ(open.disk, Bytes{4096});
  EXPECT_EQ(open.disk_inodes, 7U);
  EXPECT_TRUE(open.disk_inodes_given);
  ASSERT_EQ(open.files.size(), 4U);
  const auto is = [&](std::size_t at, const FileSlice& file) {
    EXPECT_EQ(open.files[at].name, file.name);
    EXPECT_EQ(open.files[at].bytes, file.bytes) << at;
    EXPECT_EQ(open.files[at].path, file.path) << at;
    EXPECT_EQ(open.files[at].mode, file.mode) << at;
  };
  is(0, {.name = "main.py", .bytes = 12, .mode = 0600});
  is(1, {.name = "t.in", .path = "sub/t.in"});
  is(2, {.name = "bin/a", .mode = 0755});
  is(3, {.name = "z", .bytes = 30});
}

TEST(ServeRequest, OpensABoxWithNothingInIt) {
  for (const char* header :
       {R"({"op":"open","id":1,"box":"s1"})", R"({"op":"open","id":1,"box":"s1","limits":{},"files":[]})"}) {
    const auto open = parsed<OpenRequest>(header);
    EXPECT_EQ(open.disk, Limits{}.disk);
    EXPECT_EQ(open.disk_inodes, Limits{}.disk_inodes);
    EXPECT_FALSE(open.disk_inodes_given);
    EXPECT_TRUE(open.files.empty());
  }
}

TEST(ServeRequest, NullIsUnlimitedInodes) {
  const auto open = parsed<OpenRequest>(R"({"op":"open","id":1,"box":"s1","limits":{"disk_inodes":null}})");
  EXPECT_EQ(open.disk_inodes, std::nullopt);
  EXPECT_TRUE(open.disk_inodes_given);
}

TEST(ServeRequest, RunsASpecAsItIsReadAlone) {
  const std::string spec =
      R"({"argv":["/a","b"],"env":{"A":"b"},"workdir":"/tmp","collect":["o"],"seccomp":"x",
      "limits":{"cpu_time_ms":5000,"memory_bytes":null},"require":{"memory":"cgroup"},"accept_missing":["net"]})";
  const auto run = parsed<RunRequest>(
      R"({"op":"run","id":2,"box":"s1","spec":)" + spec + R"(,"stdin":{"bytes":1024}})", 1024);
  EXPECT_EQ(run.id, 2U);
  EXPECT_EQ(run.box, "s1");
  EXPECT_EQ(run.spec, *parse_run_spec(spec));
  EXPECT_EQ(run.stdin_bytes, 1024U);
  EXPECT_EQ(run.stdin_path, "");
}

TEST(ServeRequest, TakesInputFromTheBodyFromAFileOrNotAtAll) {
  const auto run = [](const std::string& input, std::uint64_t body_bytes) {
    return parsed<RunRequest>(R"({"op":"run","id":2,"box":"s1","spec":{"argv":["/a"]})" + input + "}",
                              body_bytes);
  };
  EXPECT_EQ(run("", 0).stdin_bytes, 0U);
  EXPECT_EQ(run(R"(,"stdin":{"bytes":0})", 0).stdin_bytes, 0U);
  EXPECT_EQ(run(R"(,"stdin":{"bytes":1073741824})", kMaxFrameBody).stdin_bytes, kMaxFrameBody);
  EXPECT_EQ(run(R"(,"stdin":{"path":"a/b.in"})", 0).stdin_path, "a/b.in");
}

TEST(ServeRequest, CancelsClosesAndSaysGoodBye) {
  EXPECT_EQ(parsed<CancelRequest>(R"({"op":"cancel","id":3,"run":2})").run, 2U);
  EXPECT_EQ(parsed<CloseRequest>(R"({"op":"close","id":4,"box":"s1"})").box, "s1");
  EXPECT_EQ(parsed<ByeRequest>(R"({"op":"bye","id":5})").id, 5U);
}

TEST(ServeRequest, TakesEveryIdADoubleCountsTo) {
  EXPECT_EQ(parsed<ByeRequest>(R"({"op":"bye","id":1})").id, 1U);
  EXPECT_EQ(parsed<ByeRequest>(R"({"id":9007199254740992,"op":"bye"})").id, 9007199254740992U);
}

TEST(ServeRequest, TakesBoxNamesOfEveryAllowedCharacter) {
  for (const std::string& name : {"a"s, std::string(64, 'x'), "."s, "-"s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"s,
                                  "abcdefghijklmnopqrstuvwxyz-_.0123456789"s}) {
    EXPECT_EQ(parsed<CloseRequest>(R"({"op":"close","id":4,"box":")" + name + "\"}").box, name);
  }
}

// Bad requests

struct Refused {
  const char* name;
  std::string header;
  std::uint64_t id;  // as far as it could be read
  std::string key;
  std::string message;  // its beginning
  std::uint64_t body_bytes = 0;
};
class ServeRefuses : public testing::TestWithParam<Refused> {};

TEST_P(ServeRefuses, AndNamesTheRequestAndTheKey) {
  std::uint64_t id = 77;
  const Result<Request> request = parse_request(GetParam().header, GetParam().body_bytes, &id);
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().fault, Fault::kRequest);
  EXPECT_EQ(request.error().code, 0);
  EXPECT_EQ(request.error().key, GetParam().key);
  EXPECT_EQ(request.error().what.rfind(GetParam().message, 0), 0U) << request.error().what;
  EXPECT_EQ(id, GetParam().id);
}

const auto kRowName = [](const auto& row) { return std::string(row.param.name); };

INSTANTIATE_TEST_SUITE_P(
    Document, ServeRefuses,
    testing::Values(
        Refused{"Empty", "", 0, "", "is not valid JSON at byte offset 0"},
        Refused{"Array", R"([{"op":"bye","id":5}])", 0, "", "must be an object"},
        Refused{"Null", "null", 0, "", "must be an object"},
        Refused{"Number", "5", 0, "", "must be an object"},
        Refused{"Cut", R"({"op":"bye","id":5)", 5, "", "is not valid JSON at byte offset 18"},
        Refused{"CutBeforeTheId", R"({"op":"bye","id":)", 0, "", "is not valid JSON at byte offset 17"},
        Refused{"NotUtf8", "{\"id\":5,\"op\":\"\xFF\"}", 5, "", "is not valid JSON at byte offset"},
        Refused{"Nul", "{\"id\":5,\0\"op\":\"bye\"}"s, 5, "",
                "is not valid JSON at byte offset 8: a NUL byte"},
        Refused{"SomethingAfterTheEnd", R"({"op":"bye","id":5}{})", 5, "",
                "is not valid JSON at byte offset 19"},
        Refused{"TooDeep", R"({"id":5,"op":[[[[[[[[]]]]]]]]})", 5, "op[0][0][0][0][0][0][0]",
                "is nested too deeply"},
        Refused{"DuplicateKeyBeforeTheId", R"({"box":"a","box":"b","id":5,"op":"close"})", 5, "box",
                "is given twice"},
        Refused{"DuplicateKeyInTheSpec", R"({"op":"run","spec":{"argv":["/a"],"argv":[],"id":6},"id":5})", 5,
                "spec.argv", "is given twice"},
        Refused{"DuplicateId", R"({"op":"bye","id":5,"id":6})", 5, "id", "is given twice"},
        Refused{"InnerIdOnly", R"({"op":{"id":6},"op":{}})", 0, "op", "is given twice"}),
    kRowName);

INSTANTIATE_TEST_SUITE_P(
    Envelope, ServeRefuses,
    testing::Values(
        Refused{"NoId", R"({"op":"bye"})", 0, "id", "is missing"},
        Refused{"IdZero", R"({"op":"bye","id":0})", 0, "id", "must be an integer from 1 to 9007199254740992"},
        Refused{"IdNegative", R"({"op":"bye","id":-1})", 0, "id", "must be an integer from 1"},
        Refused{"IdTooLarge", R"({"op":"bye","id":9007199254740993})", 0, "id", "must be an integer from 1"},
        Refused{"IdText", R"({"op":"bye","id":"5"})", 0, "id", "must be an integer from 1"},
        Refused{"IdFraction", R"({"op":"bye","id":5.0})", 0, "id", "must be an integer from 1"},
        Refused{"IdNull", R"({"op":"bye","id":null})", 0, "id", "must be an integer from 1"},
        Refused{"NoOp", R"({"id":5})", 5, "op", "must be one of open, run, cancel, close, bye"},
        Refused{"OpUnknown", R"({"id":5,"op":"Open"})", 5, "op",
                "must be one of open, run, cancel, close, bye"},
        Refused{"OpEmpty", R"({"id":5,"op":""})", 5, "op", "must be one of"},
        Refused{"OpNumber", R"({"id":5,"op":1})", 5, "op", "must be one of"},
        Refused{"OpNull", R"({"id":5,"op":null})", 5, "op", "must be one of"},
        Refused{"UnknownKeyOfOpen", R"({"id":5,"op":"open","box":"a","spec":{}})", 5, "spec",
                "is not a known key; here are: op, id, box, limits, files"},
        Refused{"UnknownKeyOfRun", R"({"id":5,"op":"run","box":"a","limits":{}})", 5, "limits",
                "is not a known key; here are: op, id, box, spec, stdin"},
        Refused{"UnknownKeyOfCancel", R"({"id":5,"op":"cancel","box":"a","run":2})", 5, "box",
                "is not a known key; here are: op, id, run"},
        Refused{"UnknownKeyOfClose", R"({"id":5,"op":"close","box":"a","Box":""})", 5, "Box",
                "is not a known key; here are: op, id, box"},
        Refused{"UnknownKeyOfBye", R"({"id":5,"op":"bye","run":2})", 5, "run",
                "is not a known key; here are: op, id"},
        Refused{"EmptyKey", R"({"id":5,"op":"bye","":1})", 5, "\"\"", "is not a known key"}),
    kRowName);

std::string close_box(const std::string& box) { return R"({"op":"close","id":4,"box":)" + box + "}"; }

INSTANTIATE_TEST_SUITE_P(
    BoxAndRun, ServeRefuses,
    testing::Values(
        Refused{"NoBoxToOpen", R"({"op":"open","id":4})", 4, "box", "is missing; must be the name of a box"},
        Refused{"NoBoxToRun", R"({"op":"run","id":4,"spec":{"argv":["/a"]}})", 4, "box", "is missing"},
        Refused{"NoBoxToClose", R"({"op":"close","id":4})", 4, "box", "is missing"},
        Refused{"BoxEmpty", close_box("\"\""), 4, "box",
                "must be the name of a box: 1 to 64 of A-Z a-z 0-9 _ . -"},
        Refused{"BoxTooLong", close_box('"' + std::string(65, 'a') + '"'), 4, "box",
                "must be the name of a box"},
        Refused{"BoxSlash", close_box(R"("a/b")"), 4, "box", "must be the name of a box"},
        Refused{"BoxSpace", close_box(R"("a b")"), 4, "box", "must be the name of a box"},
        Refused{"BoxNul", close_box(R"("a\u0000")"), 4, "box", "must be the name of a box"},
        Refused{"BoxNotAscii", close_box(R"("ä")"), 4, "box", "must be the name of a box"},
        Refused{"BoxNumber", close_box("1"), 4, "box", "must be the name of a box"},
        Refused{"BoxNull", close_box("null"), 4, "box", "must be the name of a box"},
        Refused{"NoRun", R"({"op":"cancel","id":4})", 4, "run", "is missing; must be the id of a run"},
        Refused{"RunZero", R"({"op":"cancel","id":4,"run":0})", 4, "run",
                "must be an integer from 1 to 9007199254740992"},
        Refused{"RunText", R"({"op":"cancel","id":4,"run":"2"})", 4, "run", "must be an integer from 1"}),
    kRowName);

std::string open_with(const std::string& members) {
  return R"({"op":"open","id":1,"box":"s1",)" + members + "}";
}
std::string files(const std::string& entries) { return open_with("\"files\":[" + entries + "]"); }
std::string named(const std::string& name) { return R"({"name":")" + name + R"(","bytes":0})"; }

INSTANTIATE_TEST_SUITE_P(
    Open, ServeRefuses,
    testing::Values(
        Refused{"LimitsNull", open_with(R"("limits":null)"), 1, "limits", "must be an object"},
        Refused{"LimitOfARun", open_with(R"("limits":{"cpu_time_ms":1})"), 1, "limits.cpu_time_ms",
                "is not a known key; here are: disk_bytes, disk_inodes"},
        Refused{"DiskTooSmall", open_with(R"("limits":{"disk_bytes":4095})"), 1, "limits.disk_bytes",
                "must be an integer from 4096 to 70368744177664"},
        Refused{"DiskUnlimited", open_with(R"("limits":{"disk_bytes":null})"), 1, "limits.disk_bytes",
                "must be an integer"},
        Refused{"NoInodes", open_with(R"("limits":{"disk_inodes":0})"), 1, "limits.disk_inodes",
                "must be an integer from 1 to 4294967296, or null for unlimited"},
        Refused{"FilesObject", open_with(R"("files":{"a":{"bytes":0}})"), 1, "files",
                "must be an array of files"},
        Refused{"FilesNull", open_with(R"("files":null)"), 1, "files", "must be an array of files"},
        Refused{"FileText", files("\"a\""), 1, "files[0]", "must be an object"},
        Refused{"FileUnknownKey", files(named("a") + R"(,{"name":"b","content":""})"), 1, "files[1].content",
                "is not a known key; here are: name, bytes, path, mode"},
        Refused{"FileNoName", files(R"({"bytes":0})"), 1, "files[0].name", "is missing"},
        Refused{"FileNoSource", files(R"({"name":"a"})"), 1, "files[0]",
                "must have exactly one of bytes, path"},
        Refused{"FileTwoSources", files(R"({"name":"a","bytes":0,"path":"b"})"), 1, "files[0]",
                "must have exactly one of bytes, path"},
        Refused{"NameNumber", files(R"({"name":1,"bytes":0})"), 1, "files[0].name", "must be a string"},
        Refused{"NameEmpty", files(named("")), 1, "files[0].name", "is empty"},
        Refused{"NameAbsolute", files(named("/a")), 1, "files[0].name", "is absolute"},
        Refused{"NameUp", files(named("a/../b")), 1, "files[0].name", "has the component .."},
        Refused{"NameDot", files(named("./a")), 1, "files[0].name", "has the component ."},
        Refused{"NameTwoSlashes", files(named("a//b")), 1, "files[0].name", "has an empty component"},
        Refused{"NameNul", files(named("a\\u0000")), 1, "files[0].name", "contains NUL"},
        Refused{"NameTooLong", files(named(std::string(256, 'a'))), 1, "files[0].name",
                "has a component over 255 bytes"},
        Refused{"NameTwice", files(named("b") + "," + named("a") + "," + named("b")), 1, "files[2].name",
                "is that of files[0]"},
        Refused{"NameBelowAFile", files(named("a/b/c") + "," + named("a!") + "," + named("a")), 1,
                "files[0].name", "is below files[2], which is a file"},
        Refused{"BytesNegative", files(R"({"name":"a","bytes":-1})"), 1, "files[0].bytes",
                "must be an integer from 0 to 1073741824"},
        Refused{"BytesTooMany", files(R"({"name":"a","bytes":1073741825})"), 1, "files[0].bytes",
                "must be an integer from 0"},
        Refused{"BytesText", files(R"({"name":"a","bytes":"1"})"), 1, "files[0].bytes",
                "must be an integer from 0"},
        Refused{"BytesNull", files(R"({"name":"a","bytes":null})"), 1, "files[0].bytes",
                "must be an integer from 0"},
        Refused{"PathEmpty", files(R"({"name":"a","path":""})"), 1, "files[0].path",
                "must be the path of a file"},
        Refused{"PathAbsolute", files(R"({"name":"a","path":"/etc/passwd"})"), 1, "files[0].path",
                "must be relative"},
        Refused{"PathNul", files(R"({"name":"a","path":"b\u0000"})"), 1, "files[0].path",
                "must not contain NUL"},
        Refused{"PathTooLong", files(R"({"name":"a","path":")" + std::string(4096, 'a') + "\"}"), 1,
                "files[0].path", "must be at most 4095 bytes"},
        Refused{"ModeSetuid", files(R"({"name":"a","bytes":0,"mode":"4755"})"), 1, "files[0].mode",
                "must be an octal string from"},
        Refused{"ModeNumber", files(R"({"name":"a","bytes":0,"mode":420})"), 1, "files[0].mode",
                "must be an octal string"}),
    kRowName);

std::string run_with(const std::string& members) {
  return R"({"op":"run","id":2,"box":"s1",)" + members + "}";
}
std::string run_spec(const std::string& members) {
  return run_with(R"("spec":{"argv":["/a"],)" + members + "}");
}
std::string run_stdin(const std::string& input) {
  return run_with(R"("spec":{"argv":["/a"]},"stdin":)" + input);
}

/// 1000 names of `bytes` bytes each, no two the same, that JSON can only say with six characters for each
/// byte.
std::string long_names(std::size_t bytes) {
  std::string names;
  for (unsigned number = 0; number < 1000; ++number) {
    std::string name;
    for (std::size_t at = 0; at < bytes; ++at) {
      const bool digit = at < 10 && ((number >> at) & 1U) != 0;
      name += at % 200 == 199 ? "/" : digit ? "\\u0001" : "\\u0002";
    }
    names += (names.empty() ? "\"" : ",\"") + name + '"';
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(
    Run, ServeRefuses,
    testing::Values(
        Refused{"NoSpec", R"({"op":"run","id":2,"box":"s1"})", 2, "spec", "is missing; must be a RunSpec"},
        Refused{"SpecNull", run_with(R"("spec":null)"), 2, "spec", "must be an object"},
        Refused{"SpecArray", run_with(R"("spec":[])"), 2, "spec", "must be an object"},
        Refused{"NoArgv", run_with(R"("spec":{})"), 2, "spec.argv", "is missing; must be a non-empty array"},
        Refused{"ArgvNoSlash", run_with(R"("spec":{"argv":["a"]})"), 2, "spec.argv[0]", "must contain a '/'"},
        Refused{"SpecUnknownKey", run_spec(R"("x":1)"), 2, "spec.x", "is not a known key"},
        Refused{"SpecLimit", run_spec(R"("limits":{"processes":0})"), 2, "spec.limits.processes",
                "must be an integer from 1"},
        Refused{"SpecUnknownLimit", run_spec(R"("limits":{"x":0})"), 2, "spec.limits.x",
                "is not a known key"},
        Refused{"SpecLimitsArray", run_spec(R"("limits":["disk_bytes"])"), 2, "spec.limits",
                "must be an object"},
        Refused{"SpecTooManyArguments",
                run_with(R"("spec":{"argv":["/a",")" + std::string(131060, 'x') +
                         R"("],"env":{},"limits":{"stack_bytes":65536}})"),
                2, "spec.argv", "argv and env must be at most 131072 bytes together"},
        Refused{"SpecFiles", run_spec(R"("files":{})"), 2, "spec.files",
                "belongs to the box: give it to open"},
        Refused{"SpecStdin", run_spec(R"("stdin":{"content":""})"), 2, "spec.stdin",
                "belongs beside spec, not into it"},
        Refused{"SpecDisk", run_spec(R"("limits":{"disk_bytes":4096})"), 2, "spec.limits.disk_bytes",
                "belongs to the box: give it to open, in limits"},
        Refused{"SpecInodes", run_spec(R"("limits":{"processes":1,"disk_inodes":null})"), 2,
                "spec.limits.disk_inodes", "belongs to the box: give it to open, in limits"},
        Refused{"NamesThatFillTheReply", run_spec("\"collect\":[" + long_names(720) + "]"), 2, "spec.collect",
                "must be at most 4194304 bytes of JSON"},
        Refused{"StdinText", run_stdin("\"x\""), 2, "stdin", "must be an object"},
        Refused{"StdinNull", run_stdin("null"), 2, "stdin", "must be an object"},
        Refused{"StdinEmpty", run_stdin("{}"), 2, "stdin", "must have exactly one of bytes, path"},
        Refused{"StdinBoth", run_stdin(R"({"bytes":0,"path":"a"})"), 2, "stdin",
                "must have exactly one of bytes, path"},
        Refused{"StdinContent", run_stdin(R"({"content":""})"), 2, "stdin.content",
                "is not a known key; here are: bytes, path"},
        Refused{"StdinTooLong", run_stdin(R"({"bytes":1073741825})"), 2, "stdin.bytes",
                "must be an integer from 0 to 1073741824"},
        Refused{"StdinPathAbsolute", run_stdin(R"({"path":"/a"})"), 2, "stdin.path", "must be relative"}),
    kRowName);

INSTANTIATE_TEST_SUITE_P(
    Body, ServeRefuses,
    testing::Values(
        Refused{"OpenShort", files(R"({"name":"a","bytes":2},{"name":"b","bytes":3})"), 1, "body",
                "is 4 bytes; the request accounts for 5", 4},
        Refused{"OpenLong", files(R"({"name":"a","bytes":2},{"name":"b","path":"x"})"), 1, "body",
                "is 3 bytes; the request accounts for 2", 3},
        Refused{"OpenMoreThanABodyHolds", files(R"({"name":"a","bytes":1073741824},{"name":"b","bytes":1})"),
                1, "body", "is 1073741824 bytes; the request accounts for 1073741825", kMaxFrameBody},
        Refused{"OpenUnasked", open_with(R"("files":[])"), 1, "body",
                "is 1 bytes; the request accounts for 0", 1},
        Refused{"RunShort", run_stdin(R"({"bytes":5})"), 2, "body", "is 4 bytes; the request accounts for 5",
                4},
        Refused{"RunUnasked", run_with(R"("spec":{"argv":["/a"]})"), 2, "body",
                "is 1 bytes; the request accounts for 0", 1},
        Refused{"RunByPath", run_stdin(R"({"path":"a"})"), 2, "body",
                "is 1 bytes; the request accounts for 0", 1},
        Refused{"Cancel", R"({"op":"cancel","id":3,"run":2})", 3, "body",
                "is 1 bytes; the request accounts for 0", 1},
        Refused{"Close", close_box("\"a\""), 4, "body", "is 1 bytes; the request accounts for 0", 1},
        Refused{"Bye", R"({"op":"bye","id":5})", 5, "body", "is 1 bytes; the request accounts for 0", 1}),
    kRowName);

TEST(ServeRequest, SurvivesEveryTruncation) {
  const std::string header =
      R"({"id":7,"op":"run","box":"s1","spec":{"argv":["/a"],"collect":["x"]},"stdin":{"bytes":3}})";
  for (std::size_t length = 0; length < header.size(); ++length) {
    std::uint64_t id = 0;
    ASSERT_FALSE(parse_request(std::string_view(header).substr(0, length), 3, &id));
    EXPECT_EQ(id, length < 7 ? 0U : 7U) << length;  // a number may be read to the end of the text
  }
}

TEST(ServeRequest, TakesNamesWhoseReplyFits) {
  // 1000 names as long as names may be, and the reply's header still fits into a frame.
  std::string names;
  for (int at = 1000; at < 2000; ++at) {
    std::string name = std::to_string(at);
    while (name.size() < 4000) name += "/" + std::string(99, 'x');
    names += (names.empty() ? "\"" : ",\"") + name + '"';
  }
  const auto run = parsed<RunRequest>(run_spec("\"collect\":[" + names + "]"));
  RunResult result;
  for (const std::string& name : run.spec.collect) result.files[name] = {};
  EXPECT_LT(result_message(1, result).size(), kMaxFrameHeader);
}

// Replies

TEST(ServeMessage, EarlyOutputIsAskedForInSoManyWords) {
  const auto parsed = [](const std::string& more) {
    std::uint64_t id = 0;
    return parse_request(R"({"op":"run","id":2,"box":"s1","spec":{"argv":["/a"]})" + more + "}", 0, &id);
  };
  EXPECT_FALSE(std::get<RunRequest>(*parsed("")).early_output);
  EXPECT_FALSE(std::get<RunRequest>(*parsed(R"(,"early_output":false)")).early_output);
  EXPECT_TRUE(std::get<RunRequest>(*parsed(R"(,"early_output":true)")).early_output);
  for (const char* other : {"1", "null", "\"true\""}) {
    const Result<Request> request = parsed(R"(,"early_output":)" + std::string(other));
    ASSERT_FALSE(request) << other;
    EXPECT_EQ(request.error().key, "early_output");
  }
}

TEST(ServeReply, SaysHowMuchWentAhead) {
  RunResult run;
  run.stdout_stream.kept = "rest";
  EXPECT_EQ(result_message(2, run).find("early"), std::string::npos);
  run.stdout_stream.early = 1048576;
  EXPECT_NE(result_message(2, run).find(R"("stdout":{"body":[0,4],"early":1048576,)"), std::string::npos);
}

TEST(ServeReply, LooksAsDocumented) {
  EXPECT_EQ(hello_message("0.1.0", "native"),
            R"({"hello":{"protocol":1,"version":"0.1.0","runtime":"native","early_output":true}})");
  EXPECT_EQ(output_message(2, "stderr"), R"({"id":2,"output":"stderr"})");
  EXPECT_EQ(opened_message(1, "s1", 5us), R"({"id":1,"opened":{"box":"s1","took_ns":5000}})");
  EXPECT_EQ(cancelled_message(3, 2, true), R"({"id":3,"cancelled":{"run":2,"was_running":true}})");
  EXPECT_EQ(cancelled_message(3, 2, false), R"({"id":3,"cancelled":{"run":2,"was_running":false}})");
  EXPECT_EQ(closed_message(4, "s1"), R"({"id":4,"closed":{"box":"s1"}})");
  EXPECT_EQ(bye_message(9007199254740992), R"({"id":9007199254740992,"bye":{}})");
}

TEST(ServeReply, CarriesAnError) {
  EXPECT_EQ(error_message(2, request_error("spec.argv", "is missing")),
            R"({"id":2,"error":{"kind":"request","key":"spec.argv","message":"is missing"}})");
  EXPECT_EQ(error_message(0, host_error("no room")),
            R"({"id":null,"error":{"kind":"host","key":null,"message":"no room"}})");
  const Error error = internal_error("\"\xFF\"\n");
  EXPECT_EQ(
      error_message(3, error),
      "{\"id\":3,\"error\":{\"kind\":\"internal\",\"key\":null,\"message\":\"\\\"\xEF\xBF\xBD\\\"\\n\"}}");
  EXPECT_EQ(json::parse(error_message(3, error))["error"], json::parse(to_json(error))["error"]);
}

/// What result_message says, with the bytes put back to where to_json has them.
ordered_json inlined(const RunResult& run) {
  ordered_json message = ordered_json::parse(result_message(9, run));
  EXPECT_EQ(message["id"], 9);
  EXPECT_EQ(message.size(), 2U);
  const ordered_json expected = ordered_json::parse(to_json(run));
  std::string body = run.stdout_stream.kept.text() + run.stderr_stream.kept.text();
  for (const auto& [name, file] : run.files) body += file.bytes.text();
  EXPECT_EQ(result_body_bytes(run), body.size());

  const auto put_back = [&](ordered_json& part, const ordered_json& original, const std::string& bytes) {
    if (part.contains("error")) return;
    const ordered_json place = part["body"];
    EXPECT_EQ(body.substr(place[0], place[1]), bytes);
    ordered_json rebuilt;
    for (auto& [key, value] : part.items()) {
      const char* inside = original.contains("text") ? "text" : "base64";
      if (key == "body") {
        rebuilt[inside] = original[inside];
      } else {
        rebuilt[key] = value;
      }
    }
    part = rebuilt;
  };
  ordered_json& result = message["result"];
  put_back(result["stdout"], expected["stdout"], run.stdout_stream.kept.text());
  put_back(result["stderr"], expected["stderr"], run.stderr_stream.kept.text());
  for (const auto& [name, file] : run.files)
    put_back(result["files"][name], expected["files"][name], file.bytes.text());
  return result;
}

TEST(ServeReply, ResultIsARunResultWhoseBytesAreInTheBody) {
  RunResult run = example_result();
  EXPECT_EQ(inlined(run).dump(), ordered_json::parse(to_json(run)).dump());
  run.violation = Violation{.name = "socket", .nr = 41, .arch = "x86_64", .args = {2, UINT64_MAX}, .tid = 3};
  run.reason_detail = "\x01\"\\/\xC3\xA4";
  run.exit_code = 0;
  EXPECT_EQ(inlined(run).dump(), ordered_json::parse(to_json(run)).dump());
  EXPECT_EQ(inlined(RunResult{}).dump(), ordered_json::parse(to_json(RunResult{})).dump());
}

TEST(ServeReply, PlacesFollowEachOther) {
  RunResult run;
  run.stdout_stream.kept = "out";
  run.files = {{"b", {.bytes = "12"}}, {"a", {.bytes = "345"}}, {"aa", {.error = "missing"}}, {"c", {}}};
  const json result = json::parse(result_message(1, run))["result"];
  EXPECT_EQ(result["stdout"]["body"], json({0, 3}));
  EXPECT_EQ(result["stderr"]["body"], json({3, 0}));
  EXPECT_EQ(
      result["files"],
      json::parse(R"({"a":{"body":[3,3]},"aa":{"error":"missing"},"b":{"body":[6,2]},"c":{"body":[8,0]}})"));
  EXPECT_EQ(result_body_bytes(run), 8U);
}

TEST(ServeReply, SurvivesTextThatIsNotUtf8) {
  RunResult run;
  run.reason_detail = "a\xFFz";
  run.files = {{"n\xFE", {.bytes = "x"}}};
  const json result = json::parse(result_message(1, run))["result"];
  EXPECT_EQ(result["reason_detail"], "a\xEF\xBF\xBDz");
  EXPECT_EQ(result["files"].begin().key(), "n\xEF\xBF\xBD");
}

// docs/protocol.md

/// Its JSON examples, one a line.
std::vector<std::string> documented() {
  std::ifstream file(BAILIFF_DOCS "/protocol.md");
  std::vector<std::string> found;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = line == "```json";
    } else if (inside) {
      found.push_back(line);
    }
  }
  return found;
}

TEST(ProtocolDocument, RequestsAreAccepted) {
  std::array<std::size_t, std::variant_size_v<Request>> seen = {};
  for (const std::string& line : documented()) {
    if (!line.starts_with(R"({"op":)")) continue;
    std::uint64_t id = 0, body_bytes = 0;
    const json request = json::parse(line);
    if (request.contains("stdin")) body_bytes = request["stdin"].value("bytes", 0U);
    if (request.contains("files")) {
      for (const json& file : request["files"]) body_bytes += file.value("bytes", 0U);
    }
    const Result<Request> read = parse_request(line, body_bytes, &id);
    ASSERT_TRUE(read) << line << read.error().key;
    ++seen[read->index()];
  }
  EXPECT_EQ(seen, (std::array<std::size_t, 5>{1, 3, 1, 1, 1}));
}

/// The run that docs/protocol.md shows.
RunResult documented_result() {
  RunResult run;
  run.status = Verdict::kOk;
  run.exit_code = 0;
  run.cpu_time.best = {.total = 12ms,
                       .user = 9ms,
                       .system = 3ms,
                       .source = "cgroup",
                       .resolution = 1us,
                       .includes = "every process of the run"};
  run.wall_time.total = 13ms;
  run.peak_memory.best = {
      .peak = 9_MiB, .source = "cgroup", .resolution = 4_KiB, .includes = "anon+file+shmem+kernel"};
  run.stdout_stream = {.kept = "42\n",
                       .bytes = 3,
                       .sha256 = "084c799cd551dd1d8d5c5f9a5d593b2e931f5e36122ee5c793c1d08a19839cc0"};
  run.files = {{"a.txt", {.bytes = "12345"}}, {"b.txt", {.error = "missing"}}};
  run.enforced = {{"cpu_time", "timer"}};
  run.overhead = {.spawn = 200us, .run = 13ms, .collect = 30us, .cleanup = 50us};
  run.sandbox.namespaces = {"pid"};
  return run;
}

TEST(ProtocolDocument, RepliesAreWhatIsWritten) {
  std::vector<std::string> replies;
  for (const std::string& line : documented()) {
    if (!line.starts_with(R"({"op":)")) replies.push_back(line);
  }
  std::uint64_t id = 0;
  const Error refused =
      parse_request(R"({"op":"run","id":2,"box":"s1","spec":{"argv":["/a"],"limits":{"cpu_time_ms":0}}})", 0,
                    &id)
          .error();
  const std::array<std::byte, kFramePrefixBytes> zeros = {};
  EXPECT_EQ(replies, (std::vector<std::string>{
                         hello_message("0.1.0", "native"),
                         opened_message(1, "s1", 1250us),
                         result_message(2, documented_result()),
                         output_message(7, "stdout"),
                         cancelled_message(3, 2, true),
                         closed_message(4, "s1"),
                         bye_message(5),
                         error_message(id, refused),
                         error_message(0, parse_frame_prefix(zeros).error()),
                     }));
}

}  // namespace
}  // namespace bailiff
