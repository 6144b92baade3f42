// One bit must not pass from run to run, nor from box to box. tests/programs/bit.c has the ways to try: each plants
// the bit in one run and looks for it in another, and also in the same run, where it must be seen (or looking would
// prove nothing).

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/serve/peer.h"
#include "tests/support/supervisor.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

struct Topic {
  std::string name;
  char kind;
};

/// What this kernel and design let through today, with the reason; taken off the list as it is closed. The tests
/// insist that it is still there, so the list cannot outlive its holes.
const std::map<std::string, std::string> kFromRunToRun = {
    {"mount_order", "/box is mounted anew only after a run that changed something"},
    {"network_counters", "/proc/self/net shows the counters of the box's network namespace"},
    {"keeper_clock", "clock_gettime tells the CPU time of pid 1 to everybody in the box"},
};
/// The kernel takes these back when it gets to it: now and then before the next run looks.
const std::map<std::string, std::string> kSometimesFromRunToRun = {
    {"mqueue_bytes", "RLIMIT_MSGQUEUE counts queues of an ipc namespace until a worker has freed it"},
    {"locked_bytes", "so does RLIMIT_MEMLOCK with locked System V segments"},
};
const std::map<std::string, std::string> kFromBoxToBox = {
    {"futex_on_shared_file", "all boxes map the same pages of /usr, overlay or not, and a futex is a place in a page"},
};

std::vector<Topic> topics() {
  std::vector<Topic> all;
  FILE* listing = ::popen((program_path("bit") + " topics").c_str(), "r");
  char name[128], kind = 0;
  while (listing != nullptr && std::fscanf(listing, "%127s %c", name, &kind) == 2) all.push_back({name, kind});
  if (listing != nullptr) ::pclose(listing);
  return all;
}

json bit_spec(const std::string& how, const std::string& topic, const std::string& ms = "0") {
  json spec = box_spec("bit", {how, topic, ms});
  spec["limits"] = {{"cpu_time_ms", 10000}, {"wall_time_ms", 30000}};
  return spec;
}

std::vector<BoxFile> bit_files() {
  return {program_file("bit"), {"in.txt", "input\n"}, {"sub/in.txt", "input\n"}};
}

class BitTest : public testing::TestWithParam<Topic> {
 protected:
  /// The first word the program printed in a run that ended well.
  std::string bit(const std::string& box, const std::string& how) {
    const RunReply reply = peer_.run(box, bit_spec(how, GetParam().name));
    EXPECT_EQ(reply.result["status"], "OK") << how << reply.result << reply.error << reply.out;
    return reply.out.substr(0, reply.out.find_first_of(" \n"));
  }
  bool known(const std::map<std::string, std::string>& list) const { return list.contains(GetParam().name); }

  Peer peer_{{"--parallel", "2"}};
};

TEST_P(BitTest, DoesNotPassFromRunToRun) {
  peer_.open("a", bit_files());
  EXPECT_EQ(bit("a", "look"), "0");
  EXPECT_EQ(bit("a", "plant"), "planted");
  if (known(kSometimesFromRunToRun)) return;
  if (known(kFromRunToRun)) {
    EXPECT_EQ(bit("a", "look"), "1") << "closed: take it off the list";
    return;
  }
  EXPECT_EQ(bit("a", "look"), "0");
  if (GetParam().kind != 'n') {
    EXPECT_EQ(bit("a", "both"), "1") << "looking proves nothing";
  }
  EXPECT_EQ(bit("a", "look"), "0");
  EXPECT_EQ(peer_.bye(), 0);
  EXPECT_EQ(left_after(peer_.pid()), json::object());
}

TEST_P(BitTest, DoesNotPassFromABoxToTheNext) {
  peer_.open("a", bit_files());
  EXPECT_EQ(bit("a", "plant"), "planted");
  peer_.open("b", bit_files());
  EXPECT_EQ(bit("b", "look"), "0");
  EXPECT_TRUE(peer_.call({{"op", "close"}, {"box", "a"}}).contains("closed"));
  peer_.open("a", bit_files());
  EXPECT_EQ(bit("a", "look"), "0");
}

TEST_P(BitTest, DoesNotPassBetweenBoxesAtTheSameTime) {
  if (GetParam().kind == 'r') return;
  peer_.open("a", bit_files());
  peer_.open("b", bit_files());
  for (int ms = 400; ms < 13000; ms *= 2) {  // until they did overlap
    const std::string time = std::to_string(ms);
    const std::uint64_t hold = peer_.ask_run("a", bit_spec("hold", GetParam().name, time));
    const std::uint64_t watch = peer_.ask_run("b", bit_spec("watch", GetParam().name, time));
    const RunReply held = peer_.result(hold), watched = peer_.result(watch);
    ASSERT_EQ(held.result["status"], "OK") << held.result << held.error << held.out;
    ASSERT_EQ(watched.result["status"], "OK") << watched.result << watched.error << watched.out;
    long begin = 0, end = 0, first = 0, last = 0;
    int seen = -1;
    std::istringstream(held.out) >> begin >> end;
    std::istringstream(watched.out) >> seen >> first >> last;
    if (first < begin || first + 50 > end) continue;
    EXPECT_EQ(seen, known(kFromBoxToBox) ? 1 : 0) << (known(kFromBoxToBox) ? "closed: take it off the list" : "");
    return;
  }
  FAIL() << "the two runs never overlapped";
}

INSTANTIATE_TEST_SUITE_P(Clean, BitTest, testing::ValuesIn(topics()),
                         [](const auto& topic) { return topic.param.name; });

TEST(CleanTest, ListsNoChannelThatIsNotTried) {
  std::map<std::string, char> tried;
  for (const Topic& topic : topics()) tried[topic.name] = topic.kind;
  for (const auto& list : {kFromRunToRun, kSometimesFromRunToRun, kFromBoxToBox}) {
    for (const auto& [name, why] : list) EXPECT_TRUE(tried.contains(name)) << name;
  }
}

/// What is said of a run holds nothing of the one before.
TEST(CleanTest, MeasuresEveryRunFromZero) {
  Peer peer;
  peer.open("a", {program_file("hog"), program_file("burn"), program_file("bit"), program_file("nothing"),
                  program_file("emit"), {"in.txt", "input\n"}, {"sub/in.txt", "input\n"}});
  const RunReply first = peer.run("a", box_spec("nothing"));
  ASSERT_EQ(first.result["status"], "OK") << first.result;
  const auto peak = [](const RunReply& reply) { return reply.result["peak_memory"]["bytes"].get<long>(); };
  const auto cpu = [](const RunReply& reply) { return reply.result["cpu_time"]["ns"].get<long>(); };

  const RunReply burnt = peer.run("a", box_spec("burn", {"plain", "300"}));
  EXPECT_GE(cpu(burnt), 250'000'000) << burnt.result;
  const RunReply hogged = peer.run("a", box_spec("hog", {"main", "64"}));
  EXPECT_GE(peak(hogged), 60 << 20) << hogged.result;
  const RunReply left = peer.run("a", bit_spec("plant", "process"));
  EXPECT_EQ(left.result["residue"]["processes_killed"], 1) << left.result;
  const RunReply loud = peer.run("a", box_spec("emit", {"1", "100000"}));
  EXPECT_EQ(loud.result["stdout"]["bytes"], 100000);
  // Environment so large that the keeper reads megabytes for its child.
  json large = box_spec("nothing");
  for (int i = 0; i < 40; ++i) large["env"]["V" + std::to_string(i)] = std::string(100'000, 'x');
  const RunReply wide = peer.run("a", large);
  EXPECT_EQ(wide.result["status"], "OK") << wide.error;

  const RunReply last = peer.run("a", box_spec("nothing"));
  EXPECT_EQ(last.result["status"], "OK");
  EXPECT_LT(cpu(last), 100'000'000);
  EXPECT_LT(peak(last), peak(first) + (1 << 20)) << last.result["peak_memory"];
  EXPECT_EQ(last.result["processes"].size(), 1U);
  EXPECT_EQ(last.result["processes"][0]["pid"], 2);
  EXPECT_EQ(last.result["processes_omitted"], 0);
  EXPECT_EQ(last.result["residue"]["processes_killed"], 0);
  EXPECT_EQ(last.result["stdout"]["bytes"], 0);
  EXPECT_EQ(last.result["files"], json::object());
  EXPECT_EQ(last.result["limits_exceeded"], json::array());
}

TEST(CleanTest, MainIsPid2InEveryRun) {
  Peer peer;
  peer.open("a", bit_files());
  for (int i = 0; i < 5; ++i) {
    const RunReply reply = peer.run("a", bit_spec("plant", "pid_numbers"));
    std::vector<int> pids;
    for (const json& row : reply.result["processes"]) pids.push_back(row["pid"]);
    EXPECT_EQ(std::count(pids.begin(), pids.end(), 2), 1) << reply.result["processes"];
  }
}

TEST(CleanTest, StopsWhateverARunLeftEvenWhenItWasCancelled) {
  Peer peer;
  peer.open("a", bit_files());
  EXPECT_EQ(peer.run("a", bit_spec("look", "process")).out, "0\n");
  const std::uint64_t run = peer.ask_run("a", bit_spec("hold", "process", "20000"));
  peer.open("b");  // answered after the run was started
  EXPECT_EQ(peer.call({{"op", "cancel"}, {"run", run}})["cancelled"]["was_running"], true);
  const RunReply cancelled = peer.result(run);
  EXPECT_EQ(cancelled.result["killed_by"], "caller") << cancelled.result << cancelled.error;
  EXPECT_EQ(peer.run("a", bit_spec("look", "process")).out, "0\n");
  EXPECT_EQ(peer.run("a", bit_spec("look", "pid_numbers")).out, "0\n");
}

}  // namespace
}  // namespace bailiff::test
