// The protocol (docs/protocol.md), spoken with the real bailiff-supervisor.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/serve/peer.h"
#include "tests/support/supervisor.h"

namespace bailiff::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

const json kCat = {{"argv", {"/bin/cat"}}};

/// When a run of `bit hold` began and ended, in milliseconds of one clock for all.
struct Span {
  long begin = 0, end = 0;
};
json hold_spec(const char* ms) { return box_spec("bit", {"hold", "cwd", ms}); }
Span span_of(const RunReply& reply) {
  Span span;
  std::istringstream(reply.out) >> span.begin >> span.end;
  EXPECT_GT(span.end, 0) << reply.result << reply.error;
  return span;
}
bool overlap(Span a, Span b) { return std::max(a.begin, b.begin) < std::min(a.end, b.end); }

// Opening, running, closing

TEST(ServeTest, SpeaksFirst) {
  Peer peer;
  EXPECT_EQ(peer.hello()["hello"]["protocol"], 1);
  EXPECT_TRUE(peer.hello()["hello"]["version"].is_string());
  EXPECT_TRUE(peer.hello()["hello"]["runtime"].is_string());
}

TEST(ServeTest, OpensRunsAndCloses) {
  Peer peer;
  const json opened = peer.answer(peer.ask_open("s1", {program_file("nothing")}));
  EXPECT_EQ(opened["opened"]["box"], "s1");
  EXPECT_GT(opened["opened"]["took_ns"].get<long>(), 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(peer.run("s1", box_spec("nothing")).result["status"], "OK");
  EXPECT_EQ(peer.call({{"op", "close"}, {"box", "s1"}})["closed"]["box"], "s1");
  EXPECT_EQ(peer.bye(), 0);
  EXPECT_EQ(left_after(peer.pid()), json::object());
}

// On one CPU, with the keeper in front, the program is started before the supervisor runs again. A negative time is no
// answer: the launcher took such a run for an internal error.
TEST(ServeTest, NoTimeIsNegativeWhoeverRunsFirst) {
  cpu_set_t before, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  {
    Peer peer;
    peer.open("s1", {program_file("nothing")});
    const std::string supervisor = std::to_string(peer.pid());
    pid_t keeper = 0;
    std::ifstream("/proc/" + supervisor + "/task/" + supervisor + "/children") >> keeper;
    const sched_param first = {.sched_priority = 1};
    ASSERT_EQ(::sched_setscheduler(keeper, SCHED_FIFO, &first), 0) << keeper;
    for (int i = 0; i < 200; ++i) {
      const json result = peer.run("s1", box_spec("nothing")).result;
      for (const auto& [name, ns] : result["overhead"].items()) EXPECT_GE(ns.get<long>(), 0) << name << i;
    }
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(ServeTest, ByeAnswersEverythingFirstAndReadsNoFurther) {
  Peer peer;
  peer.open("a", {program_file("bit")});
  std::vector<std::uint64_t> runs;
  for (int i = 0; i < 4; ++i) runs.push_back(peer.ask_run("a", hold_spec("50")));
  const std::uint64_t bye = peer.frames().ask({{"op", "bye"}});
  (void)peer.frames().ask({{"op", "close"}, {"box", "a"}});
  std::vector<std::uint64_t> order;
  while (const auto frame = peer.frames().receive()) order.push_back(frame->json()["id"]);
  runs.push_back(bye);
  EXPECT_EQ(order, runs);
  EXPECT_EQ(peer.frames().wait(), 0);
}

TEST(ServeTest, EndOfInputAnswersEverythingToo) {
  Peer peer;
  peer.open("a", {program_file("bit")});
  const std::uint64_t first = peer.ask_run("a", hold_spec("100")), second = peer.ask_run("a", hold_spec("1"));
  peer.frames().close_input();
  EXPECT_EQ(peer.result(first).result["status"], "OK");
  EXPECT_EQ(peer.result(second).result["status"], "OK");
  EXPECT_FALSE(peer.frames().receive());
  EXPECT_EQ(peer.frames().wait(), 0);
  EXPECT_EQ(left_after(peer.pid()), json::object());
}

TEST(ServeTest, EndOfInputAtOnceIsNoError) {
  Peer peer;
  EXPECT_EQ(peer.frames().finish(), 0);
}

TEST(ServeTest, EndsWithThePeer) {
  Peer peer;
  peer.open("a", {program_file("bit")});
  peer.open("b", {program_file("bit")});
  for (const char* box : {"a", "a", "b"}) (void)peer.ask_run(box, hold_spec("20000"));
  peer.frames().close_output();
  peer.frames().close_input();
  EXPECT_EQ(peer.frames().wait(), 2);
  EXPECT_EQ(left_after(peer.pid()), json::object());
}

TEST(ServeTest, EndsWhenNobodyReadsIt) {
  Peer peer;
  peer.open("a", {program_file("bit")});
  (void)peer.ask_run("a", hold_spec("20000"));
  peer.frames().close_output();
  EXPECT_EQ(peer.frames().wait(), 2);
  EXPECT_EQ(left_after(peer.pid()), json::object());
}

TEST(ServeTest, TakesAnIdAgainAndTheLargestThereIs) {
  Peer peer;
  for (const char* id : {"7", "7", "9007199254740992"}) {
    ASSERT_TRUE(peer.frames().send(std::string(R"({"op":"close","box":"x","id":)") + id + "}"));
    const auto frame = peer.frames().receive();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->json()["id"].dump(), id);
  }
}

TEST(ServeTest, RefusesABadCommandLineWithoutAFrame) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"serve", "--parallel", "0"}, {"serve", "--parallel", "x"}, {"serve", "extra"}}) {
    const Answer answer = call(arguments);
    EXPECT_EQ(answer.exit_code, 64) << answer.stderr_text;
    EXPECT_EQ(answer.raw, "");
    EXPECT_NE(answer.stderr_text, "");
  }
}

// Names

TEST(ServeTest, OneNameIsOneBoxAtATime) {
  Peer peer;
  peer.open("a", {{"f", "first"}});
  const json again = peer.answer(peer.ask_open("a", {{"f", "second"}}));
  EXPECT_EQ(again["error"]["key"], "box") << again;
  const json spec = {{"argv", {"/bin/cat", "f"}}};
  EXPECT_EQ(peer.run("a", spec).out, "first");
  EXPECT_TRUE(peer.call({{"op", "close"}, {"box", "a"}}).contains("closed"));
  EXPECT_EQ(peer.run("a", spec).error["key"], "box");
  peer.open("a", {{"f", "second"}});
  EXPECT_EQ(peer.run("a", spec).out, "second");
}

TEST(ServeTest, CloseLetsTheQueueEndAndNothingJoinIt) {
  Peer peer;
  peer.open("a", {program_file("bit")});
  const std::uint64_t running = peer.ask_run("a", hold_spec("100")), queued = peer.ask_run("a", hold_spec("1"));
  const std::uint64_t close = peer.frames().ask({{"op", "close"}, {"box", "a"}});
  const std::uint64_t late = peer.ask_run("a", hold_spec("1"));
  const std::uint64_t twice = peer.frames().ask({{"op", "close"}, {"box", "a"}});
  const std::uint64_t open = peer.ask_open("a");
  EXPECT_EQ(peer.result(late).error["key"], "box");
  EXPECT_EQ(peer.answer(twice)["error"]["key"], "box");
  EXPECT_EQ(peer.answer(open)["error"]["key"], "box") << "the name is not free yet";
  EXPECT_EQ(peer.result(running).result["status"], "OK");
  EXPECT_EQ(peer.result(queued).result["status"], "OK");
  EXPECT_TRUE(peer.answer(close).contains("closed"));
}

TEST(ServeTest, AnIdleBoxClosesWhileAnotherRuns) {
  Peer peer({"--parallel", "1"});
  peer.open("busy", {program_file("bit")});
  peer.open("idle");
  const std::uint64_t run = peer.ask_run("busy", hold_spec("20000"));
  EXPECT_TRUE(peer.call({{"op", "close"}, {"box", "idle"}}).contains("closed"));
  EXPECT_TRUE(peer.call({{"op", "cancel"}, {"run", run}}).contains("cancelled")) << "it was over before";
}

TEST(ServeTest, RunsOfABoxThatCouldNotBeOpenedFail) {
  Peer peer;
  const std::uint64_t open = peer.ask_open("a", {{"f", std::string(100'000, 'x')}}, {{"limits", {{"disk_bytes", 4096}}}});
  const std::uint64_t run = peer.ask_run("a", kCat);
  EXPECT_TRUE(peer.answer(open).contains("error"));
  EXPECT_EQ(peer.result(run).error["key"], "box");
}

// Side by side, and one after the other

TEST(ServeTest, BoxesRunBesideEachOther) {
  Peer peer({"--parallel", "3"});
  std::vector<std::uint64_t> runs;
  for (const char* box : {"a", "b", "c"}) peer.open(box, {program_file("bit")});
  for (const char* box : {"a", "b", "c"}) runs.push_back(peer.ask_run(box, hold_spec("1000")));
  std::vector<Span> spans;
  for (const std::uint64_t run : runs) spans.push_back(span_of(peer.result(run)));
  EXPECT_TRUE(overlap(spans[0], spans[1]) && overlap(spans[1], spans[2]) && overlap(spans[0], spans[2]));
}

TEST(ServeTest, NoMoreRunAtATimeThanAllowed) {
  Peer peer({"--parallel", "1"});
  for (const char* box : {"a", "b"}) peer.open(box, {program_file("bit")});
  const std::uint64_t a = peer.ask_run("a", hold_spec("200")), b = peer.ask_run("b", hold_spec("200"));
  const Span first = span_of(peer.result(a)), second = span_of(peer.result(b));
  EXPECT_LE(first.end, second.begin);
}

TEST(ServeTest, InOneBoxRunsComeOneAfterTheOther) {
  Peer peer({"--parallel", "4"});
  peer.open("a", {program_file("bit")});
  std::vector<std::uint64_t> runs;
  for (int i = 0; i < 8; ++i) runs.push_back(peer.ask_run("a", hold_spec("20")));
  long before = 0;
  for (const std::uint64_t run : runs) {
    const std::optional<Frame> frame = peer.frames().receive();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->json()["id"], run);
    Span span;
    std::istringstream(std::string(frame->bytes(frame->json()["result"]["stdout"]))) >> span.begin >> span.end;
    EXPECT_GE(span.begin, before);
    before = span.end;
  }
}

TEST(ServeTest, BoxesTakeTurns) {
  Peer peer({"--parallel", "1"});
  for (const char* box : {"a", "b"}) peer.open(box, {program_file("bit")});
  // Sent while a slot is taken, so that all of them wait.
  std::vector<std::uint64_t> a = {peer.ask_run("a", hold_spec("300"))}, b;
  for (int i = 0; i < 3; ++i) a.push_back(peer.ask_run("a", hold_spec("1")));
  for (int i = 0; i < 3; ++i) b.push_back(peer.ask_run("b", hold_spec("1")));
  std::vector<std::uint64_t> order;
  for (std::size_t i = 0; i < a.size() + b.size(); ++i) order.push_back(peer.frames().receive()->json()["id"]);
  EXPECT_LT(std::find(order.begin(), order.end(), b[0]), std::find(order.begin(), order.end(), a[2]))
      << json(order) << ": a long queue in one box must not hold up another";
}

TEST(ServeTest, CancelsWhatRunsAndDropsWhatWaits) {
  Peer peer({"--parallel", "1"});
  peer.open("a", {program_file("bit")});
  peer.open("b", {program_file("bit")});
  EXPECT_EQ(peer.run("a", hold_spec("1")).result["status"], "OK");
  const std::uint64_t running = peer.ask_run("a", hold_spec("20000")), queued = peer.ask_run("a", hold_spec("1")),
                      elsewhere = peer.ask_run("b", hold_spec("1"));
  peer.open("c");  // its answer is sent after what can start was started
  EXPECT_EQ(peer.call({{"op", "cancel"}, {"run", queued}})["cancelled"],
            json({{"run", queued}, {"was_running", false}}));
  EXPECT_EQ(peer.call({{"op", "cancel"}, {"run", elsewhere}})["cancelled"]["was_running"], false);
  EXPECT_EQ(peer.call({{"op", "cancel"}, {"run", running}})["cancelled"],
            json({{"run", running}, {"was_running", true}}));
  const RunReply cancelled = peer.result(running);
  EXPECT_EQ(cancelled.result["killed_by"], "caller") << cancelled.result;
  for (const std::uint64_t gone : {queued, elsewhere, running, std::uint64_t{999}}) {
    EXPECT_EQ(peer.call({{"op", "cancel"}, {"run", gone}})["error"]["key"], "run");
  }
  EXPECT_EQ(peer.run("a", hold_spec("1")).result["status"], "OK");
  EXPECT_EQ(peer.run("b", hold_spec("1")).result["status"], "OK");
  EXPECT_EQ(peer.bye(), 0);
}

// The same as `run`

/// What two runs of one program have in common.
json lasting(json result) {
  for (const char* key : {"cpu_time", "wall_time", "peak_memory", "memory_breakdown", "overhead"}) {
    if (result[key].is_object()) {
      for (auto& [name, value] : result[key].items()) {
        if (value.is_number()) value = 0;
        if (name == "others") value = json::array();
      }
    }
  }
  for (json& row : result["processes"]) {
    for (auto& [name, value] : row.items()) {
      if (name != "exit_code" && name != "signal") value = 0;
    }
  }
  for (json* place : {&result["stdout"], &result["stderr"]}) {
    for (const char* key : {"text", "base64", "body"}) place->erase(key);
  }
  for (auto& [name, file] : result["files"].items()) {
    for (const char* key : {"text", "base64", "body"}) file.erase(key);
  }
  return result;
}

TEST(ServeTest, GivesTheResultsThatRunGives) {
  struct Case {
    const char* program;
    std::vector<std::string> arguments;
    json more;
  };
  const Case cases[] = {
      {"nothing", {}, {}},
      {"die", {"segv"}, {}},
      {"emit", {"1", "5000"}, {}},
      {"emit", {"2", "50000000"}, {{"limits", {{"output_bytes", 100}}}}},
      {"burn", {"plain", "3000"}, {{"limits", {{"cpu_time_ms", 60}}}}},
      {"fill", {"file", "5000"}, {{"collect", {"file", "none"}}}},
      {"fill", {"file", "500000"}, {{"limits", {{"file_size_bytes", 4096}}}}},
      {"nothing", {}, {{"env", json::object()}, {"workdir", "/tmp"}, {"argv", {"/box/nothing"}}}},
  };
  Peer peer;
  for (const Case& one : cases) {
    SCOPED_TRACE(one.program + json(one.arguments).dump());
    json alone = program_spec(one.program, one.arguments), boxed = box_spec(one.program, one.arguments);
    if (!one.more.is_null()) {
      alone.update(one.more);
      boxed.update(one.more);
    }
    peer.open("a", {program_file(one.program)});
    (void)peer.run("a", boxed);
    const RunReply reply = peer.run("a", boxed);  // the second run in a box is like the first
    const Answer answer = run(alone);
    ASSERT_FALSE(reply.result.is_null()) << reply.error;
    EXPECT_EQ(lasting(reply.result), lasting(answer.json));
    const json& text = answer.json["stdout"];
    if (text.contains("text")) {
      EXPECT_EQ(reply.out, text["text"]);
    }
    (void)peer.call({{"op", "close"}, {"box", "a"}});
  }
}

// Bytes

std::string every_byte() {
  std::string bytes(256, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  return bytes;
}

TEST(ServeTest, BytesGoThroughAsTheyAre) {
  Peer peer;
  const std::string all = every_byte();
  peer.open("a", {{"z.bin", all + "z"}, {"deep/er/a.bin", all + "a"}, {"empty", ""}});
  const json spec = {
      {"argv", {"/bin/sh", "-c", "cat; cat z.bin >&2; cat z.bin deep/er/a.bin >out; cp empty nil"}},
      {"collect", {"out", "deep/er/a.bin", "nil", "gone"}}};
  const RunReply reply = peer.run("a", spec, all);
  EXPECT_EQ(reply.out, all) << reply.result;
  EXPECT_EQ(reply.err, all + "z");
  EXPECT_EQ(reply.files.at("out"), all + "z" + all + "a");
  EXPECT_EQ(reply.files.at("deep/er/a.bin"), all + "a");
  EXPECT_EQ(reply.files.at("nil"), "");
  EXPECT_EQ(reply.result["files"]["gone"]["error"], "missing");
  EXPECT_EQ(reply.result["stdout"]["sha256"], sha256_of(all));
}

TEST(ServeTest, InputMayBeLargerThanAPipeAndNeedNotBeRead) {
  Peer peer;
  peer.open("a", {program_file("nothing")});
  const std::string input = noise(3'000'000);
  EXPECT_EQ(peer.run("a", kCat, input).out, input);
  EXPECT_EQ(peer.run("a", box_spec("nothing"), input).result["status"], "OK");
  EXPECT_EQ(peer.run("a", kCat).out, "") << "no input of the run before";
  EXPECT_EQ(peer.run("a", kCat, "42\n").out, "42\n");
}

TEST(ServeTest, CarriesManyMebibytesInBoundedMemory) {
  Peer peer;
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  const std::string input = noise(kBytes);
  json spec = kCat;
  spec["limits"] = {{"output_bytes", kBytes}, {"cpu_time_ms", 30000}, {"wall_time_ms", 60000}};
  peer.open("a");
  for (int i = 0; i < 2; ++i) {
    const RunReply reply = peer.run("a", spec, input);
    ASSERT_EQ(reply.result["status"], "OK") << reply.result << reply.error;
    EXPECT_EQ(sha256_of(reply.out), sha256_of(input));
    EXPECT_EQ(reply.result["stdout"]["sha256"], sha256_of(input));
  }
  EXPECT_LT(peer.peak_rss_kib(), 16 << 10) << "neither input nor output lies in its memory";
  EXPECT_EQ(peer.bye(), 0);
}

TEST(ServeTest, RunsThatAreRefusedAtTheirStartMakeRoomForThoseBehind) {
  Peer peer({"--parallel", "1"});
  peer.open("a");
  std::vector<std::uint64_t> runs = {peer.ask_run("a", {{"argv", {"/bin/sleep", "1"}}})};
  json refused = {{"argv", {"/bin/true"}}, {"require", {{"net", "none"}}}};
  for (int i = 0; i < 1030; ++i) runs.push_back(peer.ask_run("a", refused));  // more than are queued at once
  EXPECT_EQ(peer.result(runs.front()).result["status"], "OK");
  for (std::size_t i = 1; i < runs.size(); ++i) ASSERT_NE(peer.result(runs[i]).error, json()) << i;
  EXPECT_EQ(peer.bye(), 0);
}

TEST(ServeTest, ManyLargeRepliesAreAllSent) {
  Peer peer;
  constexpr std::size_t kBytes = std::size_t{40} << 20;
  peer.open("a", {{"large", noise(kBytes)}});
  json spec = {{"argv", {"/bin/cat", "large"}}};
  spec["limits"] = {{"output_bytes", kBytes}, {"cpu_time_ms", 30000}, {"wall_time_ms", 60000}};
  std::vector<std::uint64_t> runs;
  for (int i = 0; i < 6; ++i) runs.push_back(peer.ask_run("a", spec));
  for (const std::uint64_t run : runs) EXPECT_EQ(peer.result(run).out.size(), kBytes);
  EXPECT_EQ(peer.bye(), 0);
}

TEST(ServeTest, ABoxThatIsToCloseDoesSoWhenItsLastRunEnds) {
  Peer peer({"--parallel", "1"});
  peer.open("a");
  peer.open("b");
  const std::uint64_t run = peer.ask_run("a", {{"argv", {"/bin/sleep", "0.2"}}});
  const std::uint64_t other = peer.ask_run("b", {{"argv", {"/bin/sleep", "2"}}});
  const std::uint64_t closing = peer.frames().ask({{"op", "close"}, {"box", "a"}});
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(peer.result(run).result["status"], "OK");
  EXPECT_EQ(peer.answer(closing)["closed"]["box"], "a");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 1500ms) << "it waited for the run of another box";
  EXPECT_EQ(peer.result(other).result["status"], "OK");
  EXPECT_EQ(peer.bye(), 0);
}

TEST(ServeTest, FilesBeyondTheQuotaAreRefusedBeforeTheyAreCopied) {
  Peer peer;
  json request = {{"op", "open"}, {"box", "a"}, {"limits", {{"disk_bytes", 4096}}}};
  request["files"] = {{{"name", "x"}, {"bytes", 5000}}};
  const json reply = peer.call(request, std::string(5000, 'x'));
  EXPECT_EQ(reply["error"]["kind"], "request") << reply;
  EXPECT_EQ(reply["error"]["key"], "files[0]");
  EXPECT_EQ(reply["error"]["message"], "does not fit: limits.disk_bytes is 4096") << "it was tried";
  EXPECT_EQ(peer.bye(), 0);
}

TEST(ServeTest, AFileOfTheBoxMayBeLarge) {
  Peer peer;
  const std::string large = noise(48 << 20);
  peer.open("a", {{"large", large}});
  const json spec = {{"argv", {"/usr/bin/sha256sum", "large"}}};
  EXPECT_EQ(peer.run("a", spec).out.substr(0, 64), sha256_of(large));
  EXPECT_EQ(peer.run("a", {{"argv", {"/bin/rm", "large"}}}).result["status"], "OK");
  EXPECT_EQ(peer.run("a", spec).out.substr(0, 64), sha256_of(large));
  EXPECT_LT(peer.peak_rss_kib(), 48 << 10) << "bodies are spooled, not held";
}

TEST(ServeTest, ASlowReaderCostsBoundedMemoryAndLosesNothing) {
  Peer peer({"--parallel", "1"});
  constexpr std::size_t kBytes = std::size_t{24} << 20;
  peer.open("a", {{"large", noise(kBytes)}});
  json spec = {{"argv", {"/bin/cat", "large"}}};
  spec["limits"] = {{"output_bytes", kBytes}, {"cpu_time_ms", 30000}, {"wall_time_ms", 60000}};
  std::vector<std::uint64_t> runs;
  for (int i = 0; i < 12; ++i) runs.push_back(peer.ask_run("a", spec));
  std::this_thread::sleep_for(3s);  // not read until as many have run as may
  EXPECT_LT(peer.held_bytes(), (64U << 20) + 3 * kBytes) << "it should have stopped starting runs";
  const std::string expected = sha256_of(noise(kBytes));
  for (const std::uint64_t run : runs) EXPECT_EQ(sha256_of(peer.result(run).out), expected);
  EXPECT_LT(peer.peak_rss_kib(), 16 << 10);
  EXPECT_EQ(peer.bye(), 0);
}

json large_output(std::size_t bytes) {
  return {{"output_bytes", bytes}, {"cpu_time_ms", 30000}, {"wall_time_ms", 60000}};
}

TEST(ServeTest, OutputGoesAheadOfItsResultAndIsTheSame) {
  Peer peer;
  constexpr std::size_t kBytes = std::size_t{48} << 20;
  const std::string bytes = noise(kBytes + 12345);
  peer.open("a", {{"large", bytes}});
  json spec = {{"argv", {"/bin/sh", "-c", "head -c 20000000 large >&2; cat large"}}};
  spec["limits"] = large_output(kBytes * 2);
  const RunReply reply = peer.result(peer.ask_run("a", spec, {}, /*early_output=*/true));
  ASSERT_EQ(reply.result["status"], "OK") << reply.result << reply.error;
  EXPECT_GT(reply.early_frames, 2);
  EXPECT_EQ(sha256_of(reply.out), sha256_of(bytes));
  EXPECT_EQ(reply.result["stdout"]["sha256"], sha256_of(bytes));
  EXPECT_EQ(sha256_of(reply.err), sha256_of(bytes.substr(0, 20'000'000)));
  const RunReply small = peer.result(peer.ask_run("a", {{"argv", {"/bin/echo", "42"}}}, {}, /*early_output=*/true));
  EXPECT_EQ(small.out, "42\n");
  EXPECT_EQ(small.early_frames, 0);
  spec["limits"]["output_bytes"] = 5'000'000;
  const RunReply cut = peer.result(peer.ask_run("a", spec, {}, /*early_output=*/true));
  EXPECT_EQ(cut.result["status"], "OLE");
  EXPECT_EQ(cut.err, bytes.substr(0, 5'000'000));
  EXPECT_EQ(peer.run("a", {{"argv", {"/bin/cat", "large"}}, {"limits", large_output(kBytes * 2)}}).early_frames, 0)
      << "not asked for";
  EXPECT_LT(peer.peak_rss_kib(), 16 << 10);
  EXPECT_EQ(peer.bye(), 0);
}

TEST(ServeTest, WhoDoesNotReadEarlyOutputHoldsUpNeitherTheProgramNorItsWatch) {
  Peer peer;
  constexpr std::size_t kBytes = std::size_t{32} << 20;
  peer.open("a", {{"large", noise(kBytes)}});
  json spec = {{"argv", {"/bin/sh", "-c", "cat large; exec sleep 100"}}};
  spec["limits"] = large_output(kBytes);
  spec["limits"]["wall_time_ms"] = 3000;
  const auto asked = std::chrono::steady_clock::now();
  const std::uint64_t run = peer.ask_run("a", spec, {}, /*early_output=*/true);
  const auto end = asked + 30s;
  while (peer.held_bytes() < kBytes - (3 << 20) && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(20ms);  // nothing is read meanwhile
  }
  EXPECT_GE(peer.held_bytes(), kBytes - (3 << 20)) << "the program should have written on";
  std::this_thread::sleep_for(4s);
  const std::chrono::nanoseconds unread = std::chrono::steady_clock::now() - asked;
  const RunReply reply = peer.result(run);
  EXPECT_EQ(reply.result["status"], "TLE") << reply.result;
  EXPECT_EQ(sha256_of(reply.out), sha256_of(noise(kBytes)));
  EXPECT_LT(reply.result["stdout"]["body"][1], 1 << 20) << "what waited comes as its own frame, too";
  EXPECT_LT(reply.result["wall_time"]["ns"].get<std::int64_t>(), unread.count()) << "ended while nobody read";
  EXPECT_EQ(peer.bye(), 0);
}

TEST(ServeTest, ARunWithEarlyOutputCanBeCancelled) {
  Peer peer;
  peer.open("a");
  json spec = {{"argv", {"/bin/sh", "-c", "head -c 20000000 /dev/zero; exec sleep 100"}}};
  spec["limits"] = large_output(20'000'000);
  const std::uint64_t run = peer.ask_run("a", spec, {}, /*early_output=*/true);
  while (peer.held_bytes() < (std::size_t{2} << 20)) std::this_thread::sleep_for(20ms);
  const std::uint64_t cancel = peer.frames().ask({{"op", "cancel"}, {"run", run}});
  EXPECT_EQ(peer.answer(cancel)["cancelled"]["was_running"], true);
  const RunReply reply = peer.result(run);
  EXPECT_EQ(reply.result["status"], "CANCELLED") << reply.result << reply.error;
  EXPECT_GT(reply.early_frames, 0);
  EXPECT_EQ(peer.run("a", {{"argv", {"/bin/true"}}}).result["status"], "OK");
  EXPECT_EQ(peer.bye(), 0);
}

TEST(ServeTest, AFastWriterCostsBoundedMemory) {
  Peer peer({"--parallel", "1"});
  peer.open("a", {program_file("bit"), program_file("nothing")});
  json large = box_spec("nothing");
  for (int i = 0; i < 40; ++i) large["env"]["V" + std::to_string(i)] = std::string(100'000, 'x');
  std::vector<std::uint64_t> runs = {peer.ask_run("a", hold_spec("2000"))};
  for (int i = 0; i < 150; ++i) runs.push_back(peer.ask_run("a", large));
  for (const std::uint64_t run : runs) EXPECT_EQ(peer.result(run).result["status"], "OK");
  EXPECT_LT(peer.peak_rss_kib(), 400 << 10) << "600 MB of requests were sent";
  EXPECT_EQ(peer.bye(), 0);
}

// Files beneath --files-root

class FilesRootTest : public testing::Test {
 protected:
  FilesRootTest() {
    char name[] = "/tmp/serve_test.XXXXXX";
    base_ = ::mkdtemp(name);
    ::chmod(base_.c_str(), 0755);  // the supervisor may be another user's
    root_ = base_ + "/root";
    std::filesystem::create_directories(root_ + "/sub");
    std::ofstream(base_ + "/secret") << "secret";
    std::ofstream(root_ + "/sub/in") << "inside";
    std::filesystem::create_symlink(base_ + "/secret", root_ + "/out");
    std::filesystem::create_symlink("sub/in", root_ + "/within");
    std::filesystem::create_symlink(base_, root_ + "/up");
    std::filesystem::create_symlink("sub", root_ + "/side");
    EXPECT_EQ(::mkfifo((root_ + "/fifo").c_str(), 0600), 0);
  }
  ~FilesRootTest() override { std::filesystem::remove_all(base_); }

  std::string base_, root_;
};

TEST_F(FilesRootTest, FilesAndInputComeFromBeneath) {
  Peer peer({"--files-root", root_});
  peer.open("a", {{"body", "from the body"}, {"f", "", "0644", "sub/in"}, {"g", "last"}});
  const RunReply reply =
      peer.result(peer.frames().ask({{"op", "run"},
                                     {"box", "a"},
                                     {"spec", {{"argv", {"/bin/cat", "body", "f", "g", "-"}}}},
                                     {"stdin", {{"path", "sub/in"}}}}));
  EXPECT_EQ(reply.out, "from the bodyinsidelastinside") << reply.result << reply.error;
  // The box has a copy: what becomes of the file later is not its business, nor the other way round.
  std::ofstream(root_ + "/sub/in") << "changed!";
  EXPECT_EQ(peer.run("a", {{"argv", {"/bin/sh", "-c", "cat f; echo x >f"}}}).out, "inside");
  EXPECT_EQ(peer.run("a", {{"argv", {"/bin/cat", "f"}}}).out, "inside");
  EXPECT_EQ(read_whole(root_ + "/sub/in"), "changed!");
}

TEST_F(FilesRootTest, NothingElseDoes) {
  Peer peer({"--files-root", root_});
  for (const std::string path : {"../secret", "sub/../../secret", "sub/..", "..", ".", "", "up/secret", "out", "within",
                                 "side/in", "fifo", "sub", "none", "sub/in/", "sub//in", "up/root/sub/in"}) {
    SCOPED_TRACE(path);
    const json opened = peer.call({{"op", "open"},
                                   {"box", "a"},
                                   {"files", {{{"name", "x"}, {"bytes", 0}}, {{"name", "f"}, {"path", path}}}}});
    EXPECT_EQ(opened["error"]["kind"], "request") << opened;
    EXPECT_EQ(opened["error"]["key"], "files[1].path") << opened;
  }
  const json absolute =
      peer.call({{"op", "open"}, {"box", "a"}, {"files", {{{"name", "f"}, {"path", root_ + "/sub/in"}}}}});
  EXPECT_EQ(absolute["error"]["key"], "files[0].path") << absolute;
  peer.open("a");
  for (const char* path : {"../secret", "up/secret", "out", "side/in", "fifo", "sub", "none", "/etc/passwd"}) {
    const json run = peer.call({{"op", "run"}, {"box", "a"}, {"spec", kCat}, {"stdin", {{"path", path}}}});
    EXPECT_EQ(run["error"]["key"], "stdin.path") << run;
    EXPECT_EQ(run["error"]["kind"], "request") << run;
  }
  EXPECT_EQ(peer.run("a", kCat, "still there").out, "still there");
}

TEST_F(FilesRootTest, WithoutItEveryPathIsRefused) {
  Peer peer;
  const json opened = peer.call({{"op", "open"}, {"box", "a"}, {"files", {{{"name", "f"}, {"path", "sub/in"}}}}});
  EXPECT_EQ(opened["error"]["key"], "files[0].path") << opened;
  peer.open("a");
  const json run = peer.call({{"op", "run"}, {"box", "a"}, {"spec", kCat}, {"stdin", {{"path", "sub/in"}}}});
  EXPECT_EQ(run["error"]["key"], "stdin.path") << run;
}

// Refusals

TEST(ServeTest, NamesWhatItRefuses) {
  struct Case {
    json request;
    const char* key;
    std::string body = {};
  };
  const json spec = box_spec("nothing");
  const auto run = [&](json change) {
    json request = {{"op", "run"}, {"box", "a"}, {"spec", spec}};
    request.update(change, /*merge_objects=*/true);
    return request;
  };
  const auto with = [&](json change) { return run({{"spec", std::move(change)}}); };
  const Case cases[] = {
      {{{"op", "fly"}}, "op"},
      {{{"box", "a"}}, "op"},
      {{{"op", 7}}, "op"},
      {{{"op", "open"}}, "box"},
      {{{"op", "open"}, {"box", "a/b"}}, "box"},
      {{{"op", "open"}, {"box", std::string(65, 'x')}}, "box"},
      {{{"op", "open"}, {"box", "a"}}, "box"},
      {{{"op", "open"}, {"box", "b"}, {"colour", 1}}, "colour"},
      {{{"op", "open"}, {"box", "b"}, {"limits", {{"cpu_time_ms", 1}}}}, "limits.cpu_time_ms"},
      {{{"op", "open"}, {"box", "b"}, {"limits", {{"disk_bytes", 1}}}}, "limits.disk_bytes"},
      {{{"op", "open"}, {"box", "b"}, {"files", {{{"name", "../x"}, {"bytes", 0}}}}}, "files[0].name"},
      {{{"op", "open"}, {"box", "b"}, {"files", {{{"name", "x"}}}}}, "files[0]"},
      {{{"op", "open"}, {"box", "b"}, {"files", {{{"name", "x"}, {"bytes", 3}}}}}, "body"},
      {{{"op", "open"}, {"box", "b"}, {"files", {{{"name", "x"}, {"bytes", 3}}}}}, "body", "more than that"},
      {{{"op", "open"}, {"box", "b"}, {"files", {{{"name", "x"}, {"bytes", 0}, {"mode", "9"}}}}}, "files[0].mode"},
      {{{"op", "open"},
        {"box", "b"},
        {"files", {{{"name", "x"}, {"bytes", 0}}, {{"name", "x/y"}, {"bytes", 0}}}}},
       "files[1].name"},
      {{{"op", "run"}, {"spec", spec}}, "box"},
      {{{"op", "run"}, {"box", "a"}}, "spec"},
      {{{"op", "run"}, {"box", "none"}, {"spec", spec}}, "box"},
      {run({{"stdin", {{"bytes", 5}}}}), "body"},
      {run({{"stdin", {{"bytes", 5}, {"path", "x"}}}}), "stdin", "12345"},
      {run(json::object()), "body", "unannounced"},
      {with({{"seccomp", "no-such"}}), "spec.seccomp"},
      {with({{"stdin", {{"content", "x"}}}}), "spec.stdin"},
      {with({{"files", json::object()}}), "spec.files"},
      {with({{"limits", {{"disk_bytes", 1 << 20}}}}), "spec.limits.disk_bytes"},
      {with({{"limits", {{"disk_inodes", 10}}}}), "spec.limits.disk_inodes"},
      {with({{"limits", {{"cpu_time_ms", 0}}}}), "spec.limits.cpu_time_ms"},
      {with({{"argv", json::array()}}), "spec.argv"},
      {with({{"argv", {"nothing"}}}), "spec.argv[0]"},
      {with({{"collect", {"/x"}}}), "spec.collect[0]"},
      {with({{"require", {{"memory", "magic"}}}}), "spec.require.memory"},
      {with({{"workdir", "/no/such"}}), "spec.workdir"},
      {with({{"env", {{"LARGE", std::string(100'000, 'x')}, {"TOO", std::string(100'000, 'x')}}},
             {"limits", {{"stack_bytes", 65536}}}}),
       "spec.env"},
      {{{"op", "cancel"}}, "run"},
      {{{"op", "cancel"}, {"run", 12345}}, "run"},
      {{{"op", "close"}, {"box", "none"}}, "box"},
      {{{"op", "close"}, {"box", "a"}}, "body", "x"},
      {{{"op", "bye"}}, "body", "x"},
  };
  Peer peer;
  peer.open("a", {program_file("nothing")});
  for (const Case& one : cases) {
    SCOPED_TRACE(one.request.dump());
    const json reply = peer.call(one.request, one.body);
    EXPECT_EQ(reply["error"]["kind"], "request") << reply;
    EXPECT_EQ(reply["error"]["key"], one.key) << reply;
    EXPECT_NE(reply["error"]["message"], "");
    EXPECT_EQ(peer.run("a", spec).result["status"], "OK") << "the session goes on";
  }
  EXPECT_EQ(peer.bye(), 0);
  EXPECT_EQ(left_after(peer.pid()), json::object());
}

TEST(ServeTest, RefusesWhatIsNoRequestWithTheIdItHas) {
  Peer peer;
  const std::pair<const char*, json> cases[] = {
      {"", nullptr},          {"[]", nullptr},           {"{", nullptr},
      {"\xff", nullptr},      {"null", nullptr},         {R"({"op":"bye"})", nullptr},
      {R"({"id":0})", nullptr}, {R"({"id":-1})", nullptr}, {R"({"id":1.0,"op":"bye"})", nullptr},
      {R"({"id":"1"})", nullptr}, {R"({"id":5,"op":"bye","op":"bye"})", 5}, {R"({"id":6,"op":"bye"} x)", 6},
      {R"({"id":9007199254740993,"op":"bye"})", nullptr}, {R"({"id":8,)", 8},
  };
  for (const auto& [header, id] : cases) {
    SCOPED_TRACE(header);
    ASSERT_TRUE(peer.frames().send(header));
    const std::optional<Frame> frame = peer.frames().receive();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->json()["id"], id) << frame->header;
    EXPECT_EQ(frame->json()["error"]["kind"], "request") << frame->header;
    EXPECT_NE(frame->json()["error"]["key"], "frame") << "it was a good frame";
  }
  EXPECT_EQ(peer.bye(), 0);
}

// Limits of a box

TEST(ServeTest, ABoxHasItsDiskLimitsAndEveryRunHasThemAnew) {
  Peer peer;
  peer.open("a", {program_file("fill")},
            {{"limits", {{"disk_bytes", 4 << 20}, {"disk_inodes", 50}}}});
  for (int i = 0; i < 3; ++i) {
    const RunReply full = peer.run("a", box_spec("fill", {"disk"}));
    const long got = full.out.empty() ? 0 : std::stol(full.out);
    EXPECT_GT(got, 2 << 20) << full.result << full.error;
    EXPECT_LE(got, 4 << 20);
    EXPECT_EQ(full.result["status"], "OLE") << full.result;
    const RunReply many = peer.run("a", box_spec("fill", {"inodes"}));
    EXPECT_GT(std::stol(many.out + "0"), 30) << many.result;
    EXPECT_LE(std::stol(many.out), 50) << many.result;
  }
  const json small = peer.answer(peer.ask_open("b", {{"x", ""}, {"f", std::string(100'000, 'x')}},
                                               {{"limits", {{"disk_bytes", 8192}}}}));
  EXPECT_EQ(small["error"]["kind"], "request") << small;
  EXPECT_EQ(small["error"]["key"], "files[1]") << small;
  peer.open("b", {{"f", "fits"}}, {{"limits", {{"disk_bytes", 8192}}}});
}

/// Opens the boxes "a" and "b"; a run of what is answered makes some 100,000 files in "a".
json fill_beside_an_empty_box(Peer& peer) {
  peer.open("a", {program_file("fill")}, {{"limits", {{"disk_bytes", 256 << 20}, {"disk_inodes", 100'100}}}});
  peer.open("b", {program_file("nothing")});
  json spec = box_spec("fill", {"inodes"});
  spec["limits"] = {{"cpu_time_ms", 20000}, {"wall_time_ms", 60000}, {"memory_bytes", nullptr}};
  return spec;
}

TEST(ServeTest, AHundredThousandFilesAreGoneForTheNextRun) {
  Peer peer;
  const json spec = fill_beside_an_empty_box(peer);
  std::vector<long> made;
  for (int i = 0; i < 3; ++i) {
    const RunReply reply = peer.run("a", spec);
    EXPECT_EQ(reply.result["status"], "OLE") << reply.result << reply.error;
    made.push_back(std::stol("0" + reply.out));
    EXPECT_EQ(peer.run("b", box_spec("nothing")).result["status"], "OK");  // while the kernel frees them
  }
  EXPECT_GT(made[0], 99'000);
  EXPECT_EQ(made, std::vector<long>(3, made[0]));
  EXPECT_EQ(peer.bye(), 0);
  EXPECT_EQ(left_after(peer.pid()), json::object());
}

TEST(ServeTest, ABoxThatIsTakenApartHoldsUpNoOther) {
  Peer peer;
  const json spec = fill_beside_an_empty_box(peer);
  const std::uint64_t filled = peer.ask_run("a", spec);
  const std::uint64_t closing = peer.frames().ask({{"op", "close"}, {"box", "a"}});
  EXPECT_EQ(peer.result(filled).result["status"], "OLE");
  // The kernel now frees 100,000 files, which takes it a hundred times as long as this run.
  const std::uint64_t quick = peer.ask_run("b", box_spec("nothing"));
  const std::optional<Frame> first = peer.frames().receive();
  ASSERT_TRUE(first);
  const bool lacks_pidfds = std::string_view(supervisor_path()).find("refused") != std::string_view::npos;
  EXPECT_EQ(first->json()["id"], lacks_pidfds ? closing : quick) << first->header;
  const std::optional<Frame> second = peer.frames().receive();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->json()["id"], lacks_pidfds ? quick : closing) << second->header;
  EXPECT_EQ(peer.bye(), 0);
}

TEST(ServeTest, ManyBoxesAreOpenAtOnce) {
  Peer peer;
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 64; ++i) ids.push_back(peer.ask_open("b" + std::to_string(i), {{"f", std::to_string(i)}}));
  for (const std::uint64_t id : ids) EXPECT_TRUE(peer.answer(id).contains("opened"));
  ids.clear();
  for (int i = 0; i < 64; ++i) ids.push_back(peer.ask_run("b" + std::to_string(i), {{"argv", {"/bin/cat", "f"}}}));
  for (int i = 0; i < 64; ++i) EXPECT_EQ(peer.result(ids[static_cast<std::size_t>(i)]).out, std::to_string(i));
  EXPECT_EQ(peer.bye(), 0);
  EXPECT_EQ(left_after(peer.pid()), json::object());
}

}  // namespace
}  // namespace bailiff::test
