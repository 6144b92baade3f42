// A supervisor in a plain container (tests/support/plain_supervisor.cc): what it refuses, what it says of itself, and
// what holds a program that has no namespace around it. Run with Landlock and without.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/integration/result.h"
#include "tests/serve/peer.h"

namespace bailiff::test {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

const json kMissing = {"disk_bytes", "ipc", "mount", "net", "pid", "uts"};

bool landlock() {
  const char* chosen = std::getenv("BAILIFF_PLAIN_LANDLOCK");
  return chosen == nullptr || std::string(chosen) != "no";
}

json trespass(std::vector<std::string> arguments) {
  json spec = program_spec("trespass", std::move(arguments));
  spec["accept_missing"] = kMissing;
  return spec;
}

std::string said(const Answer& answer) { return bytes_of(result_of(answer)["stdout"]); }

/// Directories of boxes. Other tests' may be among them.
std::vector<std::string> places() {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator("/tmp")) {
    if (entry.path().filename().string().starts_with("bailiff-19")) found.push_back(entry.path());
  }
  return found;
}

class Plain : public testing::Test {
 protected:
  void TearDown() override {
    std::vector<std::string> left;
    // Another's, that began after us, will be gone in a moment.
    for (const auto begun = Clock::now(); Clock::now() - begun < std::chrono::seconds(5); ::usleep(20000)) {
      left = places();
      std::erase_if(left, [this](const auto& one) { return std::find(before_.begin(), before_.end(), one) != before_.end(); });
      if (left.empty()) break;
    }
    EXPECT_EQ(left, std::vector<std::string>());
  }
  const std::vector<std::string> before_ = places();
};

TEST_F(Plain, RefusesWhatNobodyAcceptedAndNamesAllOfIt) {
  json spec = program_spec("nothing");
  const Answer answer = run(spec);
  const json& error = error_of(answer);
  EXPECT_EQ(error["kind"], "request");
  for (const json& name : kMissing) {
    const std::string text = error["key"].get<std::string>() + " " + error["message"].get<std::string>();
    EXPECT_NE(text.find(name.get<std::string>()), std::string::npos) << text;
  }
}

TEST_F(Plain, RefusesEachLayerThatIsNotAccepted) {
  for (std::size_t i = 0; i < kMissing.size(); ++i) {
    json spec = program_spec("nothing");
    spec["accept_missing"] = kMissing;
    spec["accept_missing"].erase(i);
    EXPECT_EQ(error_of(run(spec))["key"], kMissing[i]);
  }
}

TEST_F(Plain, SaysWhatStandsInForNamespaces) {
  const Answer answer = run(trespass({"read"}));
  const json& result = result_of(answer);
  EXPECT_EQ(result["status"], "OK") << answer.raw;
  EXPECT_EQ(result["sandbox"]["namespaces"], json::array());
  const json& held = result["enforced"];
  EXPECT_EQ(held["uid"], "lease");
  EXPECT_EQ(held["processes"], "rlimit");
  for (const char* layer : {"pid", "uts", "disk_bytes"}) EXPECT_EQ(held[layer], "none") << layer;
  for (const char* layer : {"net", "ipc"}) EXPECT_EQ(held[layer], "seccomp") << layer;
  EXPECT_EQ(held["mount"], landlock() ? "landlock" : "none");
  json spec = trespass({"read"});
  spec["require"] = {{"net", "namespace"}};
  EXPECT_EQ(error_of(run(spec))["key"], "require.net");
}

TEST_F(Plain, CheckSaysWhatIsMissingAndHowToGetIt) {
  const Answer answer = call({"check", "--json"});
  EXPECT_EQ(answer.json["usable"], true) << answer.raw;
  for (const json& name : kMissing) {
    const json& held = answer.json["mechanisms"][name.get<std::string>()];
    EXPECT_TRUE(held["better"].is_string()) << name;
    EXPECT_NE(held["fix"].get<std::string>().find("SYS_ADMIN"), std::string::npos) << name;
    EXPECT_NE(answer.json["warnings"].dump().find(name.get<std::string>()), std::string::npos) << answer.raw;
  }
}

TEST_F(Plain, ShowsOnlyItsOwnRoot) {
  const Answer answer = call({"run", "--root", BAILIFF_TEST_ROOT, "-"}, trespass({"read"}).dump());
  EXPECT_EQ(error_of(answer)["key"], "--root");
}

TEST_F(Plain, ProgramHasAUserIdOfItsOwnAndNoPrivilege) {
  json spec = {{"argv", {"/bin/cat", "/proc/self/status"}}, {"accept_missing", kMissing}};
  const std::string status = said(run(spec));
  EXPECT_NE(status.find("Uid:\t19"), std::string::npos) << status;
  EXPECT_NE(status.find("NoNewPrivs:\t1"), std::string::npos);
  EXPECT_NE(status.find("Groups:\t \n"), std::string::npos) << status;
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    EXPECT_NE(status.find(std::string(set) + ":\t0000000000000000"), std::string::npos) << status;
  }
  EXPECT_NE(status.find("Seccomp:\t2"), std::string::npos);
}

TEST_F(Plain, ProgramWorksInADirectoryThatOtherwiseHasItsUsualName) {
  json spec = trespass({"write", "made"});
  spec["argv"][0] = "/box/trespass";
  spec["workdir"] = "/box/sub";
  spec["files"]["sub/input"] = {{"content", "x"}};
  spec["collect"] = {"sub/made", "sub/input"};
  const Answer answer = run(spec);
  const json& result = result_of(answer);
  EXPECT_EQ(result["status"], "OK") << answer.raw;
  EXPECT_EQ(bytes_of(result["files"]["sub/made"]), "");
  EXPECT_EQ(bytes_of(result["files"]["sub/input"]), "x");
}

TEST_F(Plain, ProgramMakesNoSocketsButConnectedPairs) {
  EXPECT_EQ(said(run(trespass({"sockets"}))),
            "unix: EAFNOSUPPORT\ninet: EAFNOSUPPORT\ninet6: EAFNOSUPPORT\nnetlink: EAFNOSUPPORT\nstream pair: done\n"
            "connect of a pair: EAFNOSUPPORT\nseqpacket pair: done\ndatagram pair: EPROTONOSUPPORT\n"
            "tipc pair: EAFNOSUPPORT\n");
}

TEST_F(Plain, WhatAProfileTakesForAViolationStaysOne) {
  json spec = trespass({"sockets"});
  spec["seccomp"] = "compute";
  const Answer answer = run(spec);
  EXPECT_EQ(result_of(answer)["status"], "SV") << answer.raw;
  EXPECT_EQ(result_of(answer)["violation"]["name"], "socket");
}

TEST_F(Plain, ProgramMakesNoObjectsOfTheMachine) {
  EXPECT_EQ(said(run(trespass({"ipc"}))), "shm: ENOSYS\nsem: ENOSYS\nmsg: ENOSYS\nmqueue: ENOSYS\n");
}

TEST_F(Plain, ProgramCannotSignalAnybody) {  // 1 is the container's init, 2 the supervisor
  const Answer answer = run(trespass({"signals", "1", "2"}));
  EXPECT_EQ(said(answer), "1: EPERM\n2: EPERM\nparent: EPERM\neverything: done\n") << answer.raw;
  EXPECT_EQ(result_of(answer)["status"], "OK");
}

TEST_F(Plain, ProgramReadsNoFilesOfOthers) {
  const std::string open = "/tmp/plain_test." + std::to_string(::getpid());
  std::ofstream(open) << "world-readable";
  ::chmod(open.c_str(), 0644);
  const std::string kEnd = landlock() ? "EACCES" : "done";
  EXPECT_EQ(said(run(trespass({"read", "/etc/shadow", "/proc/1/environ", "/proc/2/maps", "/root", open, "/etc/fstab"}))),
            "/etc/shadow: EACCES\n/proc/1/environ: EACCES\n/proc/2/maps: EACCES\n/root: EACCES\n" + open + ": " + kEnd +
                "\n/etc/fstab: " + kEnd + "\n");
  ::unlink(open.c_str());
}

TEST_F(Plain, ProgramReadsNothingOfABoxBesideIt) {
  json holder = trespass({"litter"});
  holder["argv"] = {"/bin/sh", "-c", "echo secret >secret; chmod 644 secret; sleep 20"};
  const Started one = start({"run", "-"});
  const std::string text = holder.dump();
  ASSERT_EQ(::write(one.in, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(one.in);
  std::string secret;
  for (const auto begun = Clock::now(); Clock::now() - begun < std::chrono::seconds(20) && secret.empty(); ::usleep(5000)) {
    for (const std::string& place : places()) {
      if (fs::exists(place + "/box/secret")) secret = place + "/box/secret";
    }
  }
  ASSERT_NE(secret, "");
  EXPECT_EQ(said(run(trespass({"read", secret, secret.substr(0, secret.find("/box"))}))),
            secret + ": EACCES\n" + secret.substr(0, secret.find("/box")) + ": EACCES\n");
  ::kill(one.pid, SIGKILL);  // the container's end
  (void)finish(Started{one.pid, ::open("/dev/null", O_WRONLY | O_CLOEXEC), one.out, one.err});
  while (::waitpid(-1, nullptr, 0) > 0) {  // its init
  }
  fs::remove_all(secret.substr(0, secret.find("/box")));  // nobody was left to do it
}

TEST_F(Plain, OrphansDieWithTheRun) {
  const Answer answer = run(trespass({"orphans", "8"}));
  EXPECT_EQ(answer.exit_code, 0) << answer.stderr_text;  // plain_supervisor counts what is left
  EXPECT_EQ(result_of(answer)["residue"]["processes_killed"], 8) << answer.raw;
}

TEST_F(Plain, ABombDiesAtTheTimeLimit) {
  const Answer answer =
      run(limited(trespass({"bomb", "10"}), {{"wall_time_ms", 500}, {"cpu_time_ms", nullptr}, {"processes", 16}}));
  EXPECT_EQ(answer.exit_code, 0) << answer.stderr_text;
  EXPECT_EQ(result_of(answer)["status"], "TLE") << answer.raw;
}

TEST_F(Plain, CpuTimeOfChildrenEndsTheRun) {
  json spec = limited(trespass({"read"}), {{"cpu_time_ms", 300}, {"wall_time_ms", 20000}});
  spec["argv"] = {"/bin/sh", "-c", "(while :; do :; done) & (while :; do :; done) & wait"};
  const Answer answer = run(spec);
  const json& result = result_of(answer);
  EXPECT_EQ(result["reason"], "cpu") << answer.raw;
  EXPECT_GE(result["cpu_time"]["ns"], 300000000);
  EXPECT_LT(result["wall_time"]["ns"], 10000000000);
}

TEST_F(Plain, MemoryIsSampled) {
  json spec = limited(program_spec("hog", {"main", "256"}), {{"memory_bytes", 64 << 20}});
  spec["accept_missing"] = kMissing;
  const Answer answer = run(spec);
  EXPECT_EQ(result_of(answer)["status"], "MLE") << answer.raw;
}

TEST_F(Plain, LitterIsSwept) {
  const Answer answer = run(trespass({"litter"}));
  const json& result = result_of(answer);
  EXPECT_EQ(result["status"], "OK") << answer.raw;
  const std::string kMade = landlock() ? ": EACCES\n" : ": done\n";
  for (const char* place : {"/tmp", "/var/tmp", "/dev/shm"})
    EXPECT_NE(said(answer).find(place + kMade), std::string::npos) << said(answer);
  EXPECT_NE(said(answer).find("at-the-bottom: done\n"), std::string::npos);
  EXPECT_EQ(left_behind(answer.pid), json::object());
}

TEST_F(Plain, NextRunOfABoxFindsNothing) {
  {
    Peer peer;
    peer.open("one", {program_file("trespass")});
    json spec = trespass({"litter"});
    spec.erase("files");
    const RunReply first = peer.run("one", spec);
    EXPECT_EQ(first.result["status"], "OK") << first.result << first.error;
    spec["argv"] = {"./trespass", "read", "secret", "trespass", "deeper-and-deeper"};
    const RunReply second = peer.run("one", spec);
    EXPECT_EQ(second.error, json()) << second.error;
    EXPECT_EQ(second.out, "secret: ENOENT\ntrespass: done\ndeeper-and-deeper: ENOENT\n");
    spec["argv"] = {"./trespass", "orphans", "5"};
    EXPECT_EQ(peer.run("one", spec).result["residue"]["processes_killed"], 5);
    EXPECT_EQ(peer.run("one", spec).result["residue"]["processes_killed"], 5);
    EXPECT_EQ(peer.bye(), 0);  // plain_supervisor counts what is left
  }
}

/// The pid, as this test sees it, of a process below `ancestor` that has the name.
pid_t process_below(pid_t ancestor, const std::string& name) {
  const std::string id = std::to_string(ancestor);
  std::string comm;
  std::getline(std::ifstream("/proc/" + id + "/comm"), comm);
  if (comm == name) return ancestor;
  std::ifstream children("/proc/" + id + "/task/" + id + "/children");
  for (pid_t child = 0; children >> child;) {
    if (const pid_t found = process_below(child, name); found > 0) return found;
  }
  return -1;
}

pid_t parent_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("PPid:")) return std::stoi(line.substr(5));
  }
  return -1;
}

class PlainKilled : public Plain, public testing::WithParamInterface<const char*> {};

TEST_P(PlainKilled, LeavesNoProcessOfTheBox) {
  const std::string victim = GetParam();
  json spec = limited(trespass({"orphans", "4"}), {{"wall_time_ms", 60000}, {"processes", 16}});
  spec["argv"] = {"/bin/sh", "-c", "./trespass orphans 4; sleep 60"};
  const Started one = start({"run", "-"});
  const std::string text = spec.dump();
  ASSERT_EQ(::write(one.in, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(one.in);
  pid_t sleeper = -1;
  for (const auto begun = Clock::now(); Clock::now() - begun < std::chrono::seconds(20) && sleeper < 0; ::usleep(5000))
    sleeper = process_below(one.pid, "sleep");
  const pid_t keeper = parent_of(parent_of(sleeper));
  const pid_t pid = victim == "Keeper" ? keeper : parent_of(keeper);
  ASSERT_GT(pid, 0);
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  const Answer answer = finish(Started{one.pid, ::open("/dev/null", O_WRONLY | O_CLOEXEC), one.out, one.err});
  EXPECT_EQ(answer.stderr_text, "");  // else plain_supervisor names what is left
  if (victim == "Keeper") {
    EXPECT_EQ(answer.exit_code, 0);
    EXPECT_EQ(answer.json["reason"], "lost_child") << answer.raw;
  } else {
    EXPECT_EQ(answer.exit_code, 128 + SIGKILL);
    // Its directory is the next supervisor's to remove, which leases the same user id one day.
    for (const std::string& place : places()) {
      if (std::find(before_.begin(), before_.end(), place) == before_.end()) fs::remove_all(place);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(The, PlainKilled, testing::Values("Keeper", "Supervisor"),
                         [](const auto& victim) { return std::string(victim.param); });

}  // namespace
}  // namespace bailiff::test
