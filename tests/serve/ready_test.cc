// A run whose process was made ahead (jail/ready_run.h) is like any other. Where runs have a cgroup there is no such
// process, so these meet one as ungrouped.ReadyRun… (ungrouped_supervisor.cc); tests/docker meets one under gVisor.

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/serve/peer.h"
#include "tests/support/supervisor.h"

namespace bailiff::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr auto kPause = 300ms;
constexpr int kMadeAheadMs = 200;  // in kPause, less a clock tick and what making takes

/// One kind of run: what it asks for, and its input.
struct Kind {
  std::string name;
  json spec;
  std::string input = {};
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

Kind kind(const std::string& name, const json& more, std::string input = {}) {
  json spec = box_spec("inside");
  spec["limits"] = {{"cpu_time_ms", 10000}, {"wall_time_ms", 30000}, {"output_bytes", 4 << 20}};
  if (more.is_object()) spec.merge_patch(more);
  return {name, spec, std::move(input)};
}

/// What the program saw, but for what is another in each run or box.
json seen_by(const RunReply& reply, const std::string& what) {
  EXPECT_EQ(reply.result.value("status", "no result"), "OK") << what << reply.error << reply.err;
  json seen = json::parse(reply.out, nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(seen.is_object()) << what;
  if (!seen.is_object()) return json::object();
  json status;
  for (const char* key : {"Name", "State", "TracerPid", "Groups", "FDSize", "Threads", "SigQ", "SigPnd", "ShdPnd", "SigBlk",
                          "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp",
                          "Seccomp_filters", "NSpid", "NSpgid", "NSsid"}) {
    status[key] = seen["status"].value(key, "none");
  }
  seen["status"] = status;
  for (const char* key : {"uid", "gid", "mounts", "age_ms"}) seen.erase(key);
  if (reply.result["sandbox"]["runtime"] == "runsc") {  // pid numbers go on there
    for (const char* key : {"pid", "session", "group", "processes", "proc"}) seen.erase(key);
    for (const char* key : {"NSpid", "NSpgid", "NSsid"}) seen["status"].erase(key);
  }
  return seen;
}

bool was_ahead(const RunReply& reply) {
  const json seen = json::parse(reply.out, nullptr, /*allow_exceptions=*/false);
  return seen.is_object() && seen.value("age_ms", 0) >= kMadeAheadMs;
}

bool is_for_here(const RunReply& reply) { return reply.result["cpu_time"]["source"] != "cgroup"; }

/// What the first run of a box sees, for which nothing was made ahead.
json seen_first(Peer& peer, const Kind& kind) {
  peer.open("fresh", {program_file("inside")});
  const RunReply reply = peer.run("fresh", kind.spec, kind.input);
  peer.call({{"op", "close"}, {"box", "fresh"}});
  EXPECT_FALSE(was_ahead(reply)) << kind.name;
  return seen_by(reply, "first: " + kind.name);
}

class ReadyRunTest : public testing::TestWithParam<Kind> {};

/// After a run of the usual kind comes one of this, another of this, and a usual one.
TEST_P(ReadyRunTest, SeesWhatTheFirstRunOfABoxSees) {
  const Kind usual = kind("usual", {});
  const Kind& other = GetParam();
  const bool same_process = other.name == "environment" || other.name == "arguments" || other.name == "output";
  const bool never = other.name == "large_input" || other.name == "large_arguments";
  Peer peer({"--seccomp", BAILIFF_OTHER_BPF});
  const json usual_alone = seen_first(peer, usual), other_alone = seen_first(peer, other);
  EXPECT_NE(usual_alone, other.name == "output" ? json() : other_alone) << "makes no difference, so proves nothing";

  peer.open("a", {program_file("inside")});
  const RunReply first = peer.run("a", usual.spec, usual.input);
  const bool possible = is_for_here(first);
  struct Step {
    const Kind& kind;
    const json& alone;
    bool ahead;
  };
  const Step steps[] = {{other, other_alone, same_process},
                        {other, other_alone, !never},
                        {usual, usual_alone, same_process},
                        {usual, usual_alone, true}};
  for (const Step& step : steps) {
    std::this_thread::sleep_for(kPause);
    const RunReply reply = peer.run("a", step.kind.spec, step.kind.input);
    EXPECT_EQ(seen_by(reply, step.kind.name), step.alone);
    EXPECT_EQ(was_ahead(reply), possible && step.ahead) << &step - steps << " " << step.kind.name;
    EXPECT_GE(reply.result["wall_time"]["ns"], 0);
    EXPECT_LT(reply.result["wall_time"]["ns"], std::chrono::nanoseconds(kPause).count()) << "has waited in its own time";
  }
  EXPECT_EQ(peer.bye(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    , ReadyRunTest,
    testing::Values(kind("stack", {{"limits", {{"stack_bytes", 1 << 20}}}}),
                    kind("file_size", {{"limits", {{"file_size_bytes", 12345}}}}),
                    kind("open_files", {{"limits", {{"open_files", 17}}}}),
                    kind("processes", {{"limits", {{"processes", 3}}}}),
                    kind("address_space", {{"limits", {{"address_space_bytes", 1 << 30}}}}),
                    kind("data", {{"limits", {{"data_bytes", 1 << 29}}}}),
                    kind("cpu_time", {{"limits", {{"cpu_time_ms", 20000}}}}),
                    kind("output", {{"limits", {{"output_bytes", 1 << 20}}}}), kind("filter", {{"seccomp", "other"}}),
                    kind("directory", {{"workdir", "/tmp"}, {"argv", {"/box/inside"}}}),
                    kind("environment", {{"env", {{"COLOUR", "green"}}}}),
                    kind("arguments", {{"argv", {"./inside", "one", "two"}}}),
                    kind("large_arguments",
                         {{"argv", {"./inside", std::string(60000, 'a'), std::string(60000, 'b'), std::string(60000, 'c')}}}),
                    kind("input", {}, "hello"), kind("input_of_some_size", {}, std::string(200000, 'i')),
                    kind("large_input", {}, std::string((1 << 20) + 1, 'I'))),
    [](const auto& param) { return param.param.name; });

std::vector<pid_t> children_of(pid_t parent) {
  std::ifstream file("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  std::vector<pid_t> all;
  for (pid_t child = 0; file >> child;) all.push_back(child);
  return all;
}

/// In an idle box there is the keeper, and nothing else but the one process that waits.
std::vector<pid_t> waiting(const Peer& peer) {
  std::this_thread::sleep_for(kPause);
  const std::vector<pid_t> keepers = children_of(peer.pid());
  EXPECT_EQ(keepers.size(), 1U);
  return keepers.empty() ? keepers : children_of(keepers.front());
}

TEST(ReadyRun, KilledFromOutsideIsReplacedAndNotTriedAgain) {
  Peer peer;
  const Kind usual = kind("usual", {});
  peer.open("a", {program_file("inside")});
  const RunReply first = peer.run("a", usual.spec);
  const std::vector<pid_t> before = waiting(peer);
  ASSERT_EQ(before.size(), is_for_here(first) ? 1U : 0U);
  for (const pid_t pid : before) ASSERT_EQ(::kill(pid, SIGKILL), 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(waiting(peer).empty());
    const RunReply reply = peer.run("a", usual.spec);
    EXPECT_EQ(seen_by(reply, "after the kill"), seen_by(first, "first"));
    EXPECT_FALSE(was_ahead(reply));
  }
  EXPECT_EQ(peer.bye(), 0);
}

TEST(ReadyRun, ARunThatIsRefusedSpoilsNothing) {
  Peer peer;
  const Kind usual = kind("usual", {});
  peer.open("a", {program_file("inside")});
  const RunReply first = peer.run("a", usual.spec);
  EXPECT_EQ(peer.run("a", kind("nowhere", {{"workdir", "/nowhere"}}).spec).error["key"], "spec.workdir");
  EXPECT_EQ(peer.run("a", usual.spec).result["status"], "OK");
  std::this_thread::sleep_for(kPause);
  EXPECT_EQ(was_ahead(peer.run("a", usual.spec)), is_for_here(first));
  EXPECT_EQ(peer.bye(), 0);
}

/// Stopped, it cannot become the program: its run begins and it dies before.
TEST(ReadyRun, KilledAsItsRunBeginsIsReplacedToo) {
  Peer peer;
  const BoxFile program = program_file("nothing");
  for (int i = 0; i < 5; ++i) {
    peer.open("a", {program});
    const RunReply first = peer.run("a", box_spec("nothing"));
    const std::vector<pid_t> ready = waiting(peer);
    ASSERT_EQ(ready.size(), is_for_here(first) ? 1U : 0U);
    for (const pid_t pid : ready) ASSERT_EQ(::kill(pid, SIGSTOP), 0);
    const std::uint64_t run = peer.ask_run("a", box_spec("nothing"));
    std::this_thread::sleep_for(20ms);
    for (const pid_t pid : ready) ASSERT_EQ(::kill(pid, SIGKILL), 0);
    const RunReply reply = peer.result(run);
    EXPECT_EQ(reply.result.value("status", "none"), "OK") << reply.result << reply.error;
    EXPECT_EQ(reply.result["processes"].size(), 1U);
    EXPECT_TRUE(waiting(peer).empty()) << "one was of no use";
    peer.call({{"op", "close"}, {"box", "a"}});
  }
  EXPECT_EQ(peer.bye(), 0);
}

/// Under memory pressure the program is the first to go, and takes neither its box nor an idle one with it.
TEST(ReadyRun, LeavesTheKeeperItsOomScore) {
  Peer peer;
  peer.open("a", {program_file("nothing")});
  const RunReply first = peer.run("a", box_spec("nothing"));
  const std::vector<pid_t> ready = waiting(peer);
  ASSERT_EQ(ready.size(), is_for_here(first) ? 1U : 0U);
  const auto score = [](pid_t pid) { return read_whole("/proc/" + std::to_string(pid) + "/oom_score_adj"); };
  EXPECT_EQ(score(children_of(peer.pid()).front()), score(peer.pid()));
  for (const pid_t pid : ready) EXPECT_EQ(score(pid), "1000\n");
  EXPECT_EQ(peer.bye(), 0);
}

TEST(ReadyRun, UnderAFilterThatForbidsItsWaitIsNotNeeded) {
  for (const char* filter : {BAILIFF_DEAF_BPF, BAILIFF_DEADLY_BPF}) {
    Peer peer({"--seccomp", filter});
    peer.open("a", {program_file("nothing")});
    json spec = box_spec("nothing");
    spec["seccomp"] = filter == std::string(BAILIFF_DEAF_BPF) ? "deaf" : "deadly";
    for (int i = 0; i < 30; ++i) {
      const RunReply reply = peer.run("a", spec);
      EXPECT_EQ(reply.result.value("status", ""), "OK") << reply.result << reply.error;
      EXPECT_EQ(reply.result["violation"], nullptr) << "nobody's, least of all the program's";
      if (i == 20) { EXPECT_EQ(waiting(peer), std::vector<pid_t>()); }
    }
    peer.open("b", {program_file("nothing")});
    EXPECT_EQ(peer.run("b", spec).result.value("status", ""), "OK");
    peer.call({{"op", "close"}, {"box", "b"}});
    EXPECT_EQ(waiting(peer), std::vector<pid_t>());
    EXPECT_EQ(peer.bye(), 0);
  }
}

TEST(ReadyRun, IsGoneWithItsBoxAndWithItsServer) {
  json left;
  {
    Peer peer;
    for (const char* box : {"a", "b"}) {
      peer.open(box, {program_file("nothing")});
      peer.run(box, box_spec("nothing"));
    }
    peer.call({{"op", "close"}, {"box", "a"}});
    waiting(peer);
    ::kill(peer.pid(), SIGKILL);
    left = left_after(peer.pid());
  }
  EXPECT_TRUE(left.empty()) << left;
}

/// The kill may find it before it is the program.
TEST(ReadyRun, EndedAtAnyMomentIsWhatEndedIt) {
  Peer peer;
  peer.open("a", {program_file("bit")});
  json spec = box_spec("bit", {"hold", "cwd", "5000"});
  ASSERT_EQ(peer.run("a", box_spec("bit", {"hold", "cwd", "1"})).result["status"], "OK");
  for (int i = 0; i < 150; ++i) {
    std::this_thread::sleep_for(3ms);  // for the next to be made
    const std::uint64_t run = peer.ask_run("a", spec);
    std::this_thread::sleep_for(std::chrono::microseconds(2 * i));
    peer.call({{"op", "cancel"}, {"run", run}});
    const RunReply reply = peer.result(run);
    if (reply.result.is_null()) continue;  // before it started
    ASSERT_EQ(reply.result["status"], "CANCELLED") << reply.result;
    ASSERT_EQ(reply.result["killed_by"], "caller");
    ASSERT_GE(reply.result["wall_time"]["ns"], 0);
    ASSERT_LT(reply.result["wall_time"]["ns"], 1'000'000'000);
    ASSERT_LT(reply.result["cpu_time"]["ns"], 50'000'000);
  }
  spec["limits"] = {{"wall_time_ms", 1}};
  for (int i = 0; i < 30; ++i) ASSERT_EQ(peer.run("a", spec).result["status"], "TLE");
  EXPECT_EQ(peer.bye(), 0);
}

/// What it has used before its run is not its run's.
TEST(ReadyRun, IsMeasuredFromItsExec) {
  Peer peer;
  peer.open("a", {program_file("nothing")});
  for (int i = 0; i < 20; ++i) {
    const RunReply reply = peer.run("a", box_spec("nothing"));
    ASSERT_EQ(reply.result["status"], "OK");
    EXPECT_LT(reply.result["cpu_time"]["ns"], 20'000'000);
    EXPECT_LT(reply.result["peak_memory"]["bytes"], 4 << 20);
    EXPECT_GE(reply.result["overhead"]["spawn_ns"], 0);
    EXPECT_EQ(reply.result["processes"].size(), 1U);
  }
  EXPECT_EQ(peer.bye(), 0);
}

}  // namespace
}  // namespace bailiff::test
