// cgroup v2 with all its controllers. Natively few machines have them, so this is no ctest: tests/vm/lane runs it in the
// virtual machine, on each of its kernels. Groups are made below BAILIFF_TEST_CGROUP, which has to hand on memory, pids
// and cpu and to hold no process.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "tests/integration/result.h"
#include "tests/serve/peer.h"

namespace bailiff::test {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kMiB = 1 << 20;

std::string base() {
  const char* chosen = std::getenv("BAILIFF_TEST_CGROUP");
  return chosen != nullptr ? chosen : "/sys/fs/cgroup/lane";
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool write_to(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  return done;
}

std::int64_t number_in(const std::string& path, const std::string& key) {
  std::istringstream lines(text_of(path));
  for (std::string word; lines >> word;) {
    if (word == key && lines >> word) return std::stoll(word);
  }
  return -1;
}

/// Waits until `done`; false: it never was.
bool wait_for(const std::function<bool()>& done, std::chrono::seconds patience = std::chrono::seconds(20)) {
  for (const auto until = Clock::now() + patience; Clock::now() < until; ::usleep(5000)) {
    if (done()) return true;
  }
  return done();
}

std::vector<std::string> groups_below(const std::string& directory) {
  std::vector<std::string> found;
  std::error_code gone;  // groups go while we look
  for (fs::recursive_directory_iterator at(directory, gone), end; !gone && at != end; at.increment(gone)) {
    if (at->is_directory(gone)) found.push_back(at->path());
  }
  return found;
}

/// A group set aside for the supervisor, and the supervisor in it.
class Cgroup : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(group_);
    ASSERT_EQ(text_of(group_ + "/cgroup.controllers").find("cpu") == std::string::npos, false) << base();
  }
  void TearDown() override {
    EXPECT_TRUE(wait_for([&] { return groups_below(group_).empty(); }))
        << "left: " << testing::PrintToString(groups_below(group_));
    EXPECT_EQ(::rmdir(group_.c_str()), 0) << std::strerror(errno);
  }

  [[nodiscard]] Answer answer(const json& spec) const { return run(spec, {"--cgroup", group_}); }
  [[nodiscard]] json result(const json& spec) const { return result_of(answer(spec)); }

  /// The leaf in which `program` runs. The child that is to become it is there earlier, half prepared.
  [[nodiscard]] std::string leaf_of(const std::string& program) const {
    std::string found;
    wait_for([&] {
      for (const std::string& one : groups_below(group_)) {
        std::istringstream procs(text_of(one + "/cgroup.procs"));
        for (std::string pid; procs >> pid;) {
          if (text_of("/proc/" + pid + "/comm") == program + "\n") found = one;
        }
      }
      return !found.empty();
    });
    return found;
  }

  std::string group_ = base() + "/test." + std::to_string(::getpid());
};

std::string verdict(const json& result) {
  std::string text = result["status"];
  if (!result["reason"].is_null()) text += " " + result["reason"].get<std::string>();
  for (const json& limit : result["limits_exceeded"]) text += " >" + limit.get<std::string>();
  return text;
}

json grab(const std::string& how, int mib, const json& more = {}) {
  json limits = {{"memory_bytes", 64 * kMiB}, {"stack_bytes", nullptr}, {"disk_bytes", 1024 * kMiB},
                 {"file_size_bytes", nullptr}, {"open_files", 2048},     {"cpu_time_ms", 60000}};
  if (more.is_object()) limits.update(more);
  json spec = limited(program_spec("grab", {how, std::to_string(mib)}), limits);
  spec["require"] = {{"memory", "cgroup"}, {"processes", "cgroup"}};
  return spec;
}

// ---- memory

class CgroupMemory : public Cgroup, public testing::WithParamInterface<const char*> {};

TEST_P(CgroupMemory, IsCountedAndStopped) {
  const json got = result(grab(GetParam(), 160));
  EXPECT_EQ(verdict(got), "MLE oom_kill >memory") << got;
  EXPECT_EQ(got["killed_by"], "kernel_oom");
  EXPECT_EQ(got["enforced"]["memory"], "cgroup");
  EXPECT_EQ(got["peak_memory"]["source"], "cgroup");
  const auto peak = got["peak_memory"]["bytes"].get<std::int64_t>();
  EXPECT_LE(peak, 64 * kMiB);
  EXPECT_GE(peak, 60 * kMiB);
  // The same below the limit is no matter: what ended it was the amount.
  const json little = result(grab(GetParam(), 16));
  EXPECT_EQ(verdict(little), "OK") << little;
  EXPECT_GE(little["peak_memory"]["bytes"].get<std::int64_t>(), 16 * kMiB);
  EXPECT_LE(little["peak_memory"]["bytes"].get<std::int64_t>(), 28 * kMiB);
}

INSTANTIATE_TEST_SUITE_P(, CgroupMemory,
                         testing::Values("heap", "stack", "shared", "memfd", "/box/file", "/tmp/file", "/dev/shm/file",
                                         "posix", "sysv", "pipes", "sockets", "tables", "flight"),
                         [](const auto& row) {
                           std::string name;
                           for (const char c : std::string(row.param)) name += std::isalnum(c) != 0 ? c : '_';
                           return name;
                         });

/// RLIMIT_MEMLOCK is there first. Who may not lock has no memory that counts.
TEST_F(Cgroup, LockedMemoryIsRefusedBeforeItCounts) {
  const json got = result(grab("lock", 160));
  EXPECT_EQ(verdict(got), "RE exit");
  EXPECT_EQ(got["stdout"]["text"], "mlock: Cannot allocate memory\n");
  EXPECT_LE(got["peak_memory"]["bytes"].get<std::int64_t>(), 8 * kMiB);
}

TEST_F(Cgroup, PagesThatForkedProcessesShareAreCountedOnce) {
  const json got = result(grab("cow", 40));  // and 4 of their own: 44, not 9 times 40
  EXPECT_EQ(verdict(got), "OK") << got;
  EXPECT_GE(got["peak_memory"]["bytes"].get<std::int64_t>(), 44 * kMiB);
  EXPECT_LE(got["peak_memory"]["bytes"].get<std::int64_t>(), 54 * kMiB);
}

TEST_F(Cgroup, ADriverCannotTurnTheKillIntoAnExitCode) {
  json spec = grab("heap", 160);
  spec["argv"] = {"/bin/sh", "-c", "./grab heap 160; exit 1"};
  EXPECT_EQ(verdict(result(spec)), "MLE oom_kill >memory");
}

/// Where memory.oom.group is off, as somebody with rights outside may set it, only the child dies.
TEST_F(Cgroup, AKillInASubgroupIsSeenThoughTheProgramExitsNormally) {
  json spec = grab("heap", 160);
  spec["argv"] = {"/bin/sh", "-c", "sleep 2; ./grab heap 160; exit 1"};
  const Started started = start({"run", "--cgroup", group_, "-"});
  const std::string text = spec.dump();
  ASSERT_EQ(::write(started.in, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(started.in);
  const std::string found = leaf_of("sh");
  ASSERT_NE(found, "");
  EXPECT_TRUE(write_to(found + "/memory.oom.group", "0"));
  const json got = result_of(finish({started.pid, ::open("/dev/null", O_WRONLY), started.out, started.err}));
  EXPECT_EQ(got["exit_code"], 1) << got;
  EXPECT_EQ(verdict(got), "MLE oom_kill >memory");
}

TEST_F(Cgroup, TheNextRunOfABoxStartsFromNothing) {
  Peer peer({"--cgroup", group_});
  peer.open("a", {program_file("grab")}, {{"limits", {{"disk_bytes", 64 * kMiB}}}});
  const auto grabbed = [&](const std::string& how, int mib) {
    RunReply reply = peer.run("a", {{"argv", {"./grab", how, std::to_string(mib)}},
                                    {"limits", {{"memory_bytes", 64 * kMiB}, {"cpu_time_ms", 60000}}}});
    EXPECT_EQ(reply.error, nullptr);
    return reply.result;
  };
  const auto peak = [&](const std::string& how, int mib) {
    const json got = grabbed(how, mib);
    EXPECT_EQ(verdict(got), "OK") << got;
    return got["peak_memory"]["bytes"].get<std::int64_t>();
  };
  const auto first = peak("heap", 1);
  EXPECT_GE(peak("heap", 40), 40 * kMiB);
  EXPECT_GE(peak("/tmp/file", 40), 40 * kMiB);
  for (int i = 0; i < 4; ++i) EXPECT_LE(peak("heap", 1), first + kMiB);
  EXPECT_EQ(verdict(grabbed("heap", 90)), "MLE oom_kill >memory");
  EXPECT_LE(peak("heap", 1), first + kMiB) << "and its kill is not the next one's";
  EXPECT_EQ(peer.bye(), 0);
}

/// The root tree is a directory of the host's file system, whose page cache can be emptied.
TEST_F(Cgroup, WhatWasReadAheadIsNoPartOfThePeak) {
  const std::string root = fs::path(program_path("slurp")).parent_path();
  std::vector<std::string> argv = {"/slurp"};
  std::int64_t size = 0;
  for (const fs::directory_entry& file : fs::directory_iterator(root)) {
    if (!file.is_regular_file()) continue;
    argv.push_back("/" + file.path().filename().string());
    size += static_cast<std::int64_t>(file.file_size());
  }
  ASSERT_GE(size, 8 * kMiB);
  const auto figure = [&](bool cold, const std::vector<std::string>& read_ahead, std::int64_t limit = 256 * kMiB) {
    if (cold) {
      EXPECT_TRUE(write_to("/proc/sys/vm/drop_caches", "3"));
    }
    std::vector<std::string> arguments = {"--cgroup", group_, "--root", root};
    for (const std::string& path : read_ahead) arguments.insert(arguments.end(), {"--read-ahead", path});
    const json got = result_of(run(limited({{"argv", argv}}, {{"cpu_time_ms", 60000}, {"memory_bytes", limit}}), arguments));
    EXPECT_EQ(verdict(got), "OK") << got;
    return got["peak_memory"];
  };
  const auto peak = [&](bool cold, const std::vector<std::string>& read_ahead) {
    return figure(cold, read_ahead)["bytes"].get<std::int64_t>();
  };
  EXPECT_GE(peak(/*cold=*/true, {}), size) << "who reads a file first pays for it";
  EXPECT_LE(peak(/*cold=*/false, {}), 2 * kMiB);
  EXPECT_LE(peak(/*cold=*/true, {"/"}), 2 * kMiB);
  EXPECT_LE(peak(/*cold=*/true, argv), 2 * kMiB);
  EXPECT_GE(peak(/*cold=*/true, {"/slurp"}), size / 2) << "one file only";
  EXPECT_LE(figure(/*cold=*/true, {}, size / 2)["bytes"], size / 2) << "and nobody is ended for it";
  EXPECT_EQ(figure(/*cold=*/false, {"/"})["includes"], "anon+file+shmem+kernel, without files read ahead");
  EXPECT_EQ(figure(/*cold=*/false, {})["includes"], "anon+file+shmem+kernel");
}

TEST_F(Cgroup, SupervisorAndKeeperAreNoVictims) {
  json spec = limited(program_spec("dodge", {"vanish", "3000"}), {{"wall_time_ms", 10000}, {"cpu_time_ms", 60000}});
  const Started started = start({"run", "--cgroup", group_, "-"});
  const std::string text = spec.dump();
  ASSERT_EQ(::write(started.in, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(started.in);
  const std::string found = leaf_of("dodge");
  const std::string own = text_of("/proc/self/cgroup");
  EXPECT_EQ(text_of("/proc/" + std::to_string(started.pid) + "/cgroup"), own) << "the supervisor stays where it was";
  std::istringstream children(text_of("/proc/" + std::to_string(started.pid) + "/task/" +
                                      std::to_string(started.pid) + "/children"));
  std::string keeper;
  ASSERT_TRUE(children >> keeper);
  EXPECT_EQ(text_of("/proc/" + keeper + "/cgroup"), own) << "and so does the keeper";
  const int score = std::stoi(text_of("/proc/self/oom_score_adj"));
  EXPECT_LE(std::stoi(text_of("/proc/" + keeper + "/oom_score_adj")), score);
  EXPECT_LE(std::stoi(text_of("/proc/" + std::to_string(started.pid) + "/oom_score_adj")), score);
  std::istringstream procs(text_of(found + "/cgroup.procs"));
  int members = 0;
  for (std::string pid; procs >> pid; ++members) {
    EXPECT_EQ(text_of("/proc/" + pid + "/oom_score_adj"), "1000\n");
    EXPECT_NE(pid, keeper);
  }
  EXPECT_GE(members, 1);
  EXPECT_EQ(result_of(finish({started.pid, ::open("/dev/null", O_WRONLY), started.out, started.err}))["status"], "OK");
}

TEST_F(Cgroup, ALeafHasAllItsLimits) {
  json spec = limited(program_spec("dodge", {"vanish", "1000"}),
                      {{"memory_bytes", 50 * kMiB}, {"processes", 7}, {"cpu_time_ms", 60000}});
  const Started started = start({"run", "--cgroup", group_, "-"});
  const std::string text = spec.dump();
  ASSERT_EQ(::write(started.in, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(started.in);
  const std::string found = leaf_of("dodge");
  EXPECT_EQ(text_of(found + "/memory.max"), std::to_string(50 * kMiB) + "\n");
  EXPECT_EQ(text_of(found + "/memory.oom.group"), "1\n");
  EXPECT_EQ(text_of(found + "/pids.max"), "7\n");
  for (const char* name : {"/memory.swap.max", "/memory.zswap.max"}) {
    EXPECT_EQ(fs::exists(found + name) ? text_of(found + name) : "0\n", "0\n") << name;
  }
  EXPECT_TRUE(fs::exists(found + "/cpu.weight"));
  (void)finish({started.pid, ::open("/dev/null", O_WRONLY), started.out, started.err});
}

// ---- processes

TEST_F(Cgroup, RefusedForksAreNamed) {
  json spec = limited(program_spec("dodge", {"bomb", "0"}), {{"processes", 16}, {"cpu_time_ms", 500}});
  const json got = result(spec);
  EXPECT_EQ(verdict(got), "TLE cpu >cpu_time >processes") << got;
  EXPECT_EQ(got["enforced"]["processes"], "cgroup");
  EXPECT_EQ(verdict(result(limited(program_spec("dodge", {"short", "100"}), {{"processes", 16}}))), "OK");
}

// ---- CPU time

class CgroupCpuTime : public Cgroup, public testing::WithParamInterface<const char*> {};

TEST_P(CgroupCpuTime, IsWhatTheGroupItselfReports) {
  const auto used = [&] { return number_in(group_ + "/cpu.stat", "usage_usec") * 1000; };
  const auto spec = [&](const char* ms) {
    return limited(program_spec("dodge", {GetParam(), ms}),
                   {{"cpu_time_ms", 60000}, {"wall_time_ms", 60000}, {"processes", 64}});
  };
  const auto before = used();
  const json got = result(spec("3000"));
  const auto all = used() - before;  // of the group above the leaf: the leaf is gone
  EXPECT_EQ(verdict(got), "OK") << got;
  const auto told = got["cpu_time"]["ns"].get<std::int64_t>();
  EXPECT_EQ(got["cpu_time"]["source"], "cgroup");
  EXPECT_EQ(got["cpu_time"]["complete"], true);
  EXPECT_EQ(got["cpu_time"]["others"][0]["source"], "wait4");
  EXPECT_GE(told, 1'000'000'000);
  // The leaf has what our own child used before its exec, too: 1 to 28 ms were seen in the emulator.
  EXPECT_GE(static_cast<double>(told), 0.99 * static_cast<double>(all) - 30'000'000) << got["cpu_time"];
  EXPECT_LE(told, all);
  RecordProperty("permille_of_the_leaf", static_cast<int>(1000 * told / all));
  std::cout << GetParam() << ": " << 100.0 * static_cast<double>(told) / static_cast<double>(all) << " % of the leaf's "
            << all / 1000000 << " ms, wait4 says " << got["cpu_time"]["others"][0]["ns"].get<std::int64_t>() / 1000000
            << "\n";
}

INSTANTIATE_TEST_SUITE_P(, CgroupCpuTime,
                         testing::Values("plain", "orphan", "ignored", "short", "kernel", "vanish"),
                         [](const auto& row) { return row.param; });

class CgroupCpuLimit : public Cgroup, public testing::WithParamInterface<const char*> {};

TEST_P(CgroupCpuLimit, EndsIt) {
  const json got = result(limited(program_spec("dodge", {GetParam(), "60000"}),
                                  {{"cpu_time_ms", 500}, {"wall_time_ms", 60000}, {"processes", 64}}));
  EXPECT_EQ(got["status"], "TLE") << got;
  EXPECT_EQ(got["reason"], "cpu");
  EXPECT_GT(got["cpu_time"]["ns"], 500'000'000);
  EXPECT_LT(got["cpu_time"]["ns"], 900'000'000);
}

INSTANTIATE_TEST_SUITE_P(, CgroupCpuLimit, testing::Values("plain", "orphan", "ignored", "short", "kernel", "vanish"),
                         [](const auto& row) { return row.param; });

// ---- two boxes at once

/// How much longer a run of 150 ms CPU time takes on the clock while a fork bomb goes off in another box.
double slowdown_beside_a_bomb(const std::string& group) {
  Peer peer({"--cgroup", group, "--parallel", "2"});
  peer.open("bomb", {program_file("dodge")});
  peer.open("victim", {program_file("dodge")});
  const json victim = {{"argv", {"./dodge", "plain", "150"}},
                       {"limits", {{"cpu_time_ms", 10000}, {"wall_time_ms", 60000}}}};
  const auto wall = [](const RunReply& reply) {
    EXPECT_EQ(reply.result["status"], "OK") << reply.result << reply.error;
    return reply.result["wall_time"]["ns"].get<double>();
  };
  const double alone = wall(peer.run("victim", victim));
  const auto bomb = peer.ask_run("bomb", {{"argv", {"./dodge", "bomb", "0"}},
                                          {"limits", {{"cpu_time_ms", 60000}, {"wall_time_ms", 60000}, {"processes", 64}}}});
  ::usleep(500'000);
  const double beside = wall(peer.run("victim", victim));
  (void)peer.call({{"op", "cancel"}, {"run", bomb}});
  EXPECT_EQ(peer.result(bomb).result["status"], "CANCELLED");
  EXPECT_EQ(peer.bye(), 0);
  return beside / alone;
}

TEST_F(Cgroup, AForkBombCostsTheNextBoxNoMoreThanItsShare) {
  // Without sessions as groups of their own, which would hide what the cpu controller does.
  const std::string autogroup = text_of("/proc/sys/kernel/sched_autogroup_enabled");
  write_to("/proc/sys/kernel/sched_autogroup_enabled", "0");
  const double with = slowdown_beside_a_bomb(group_);
  // The same where there is no cpu controller to give.
  const std::string poor = "/sys/fs/cgroup/poor." + std::to_string(::getpid());
  fs::create_directory(poor);
  write_to(poor + "/cgroup.subtree_control", "+memory +pids");
  fs::create_directory(poor + "/runs");
  const double without = slowdown_beside_a_bomb(poor + "/runs");
  wait_for([&] { return groups_below(poor).size() == 1; });
  ::rmdir((poor + "/runs").c_str());
  ::rmdir(poor.c_str());
  write_to("/proc/sys/kernel/sched_autogroup_enabled", autogroup);
  std::cout << "slower beside a bomb of 64: " << with << " x with the cpu controller, " << without << " x without\n";
  // Two groups of the same weight share one CPU, so 2; the supervisor's own group has some of it too.
  EXPECT_LT(with, 3.5);
  EXPECT_GT(without, 2 * with) << "or this test shows nothing";
}

// ---- what is asked for

TEST_F(Cgroup, WhatIsRequiredAndNotThereIsNamed) {
  json spec = program_spec("nothing");
  spec["require"] = {{"memory", "cgroup"}};
  const json refused = error_of(run(spec));  // where the test's own processes live, too
  EXPECT_EQ(refused["kind"], "request");
  EXPECT_EQ(refused["key"], "require.memory");
  EXPECT_NE(refused["message"].get<std::string>().find("has no memory"), std::string::npos) << refused;
  EXPECT_NE(refused["message"].get<std::string>().find("cgroup."), std::string::npos) << refused;
  spec["require"] = {{"memory", "cgroup"}, {"processes", "cgroup"}};
  const json got = result(spec);
  EXPECT_EQ(got["enforced"]["memory"], "cgroup");
  EXPECT_EQ(got["enforced"]["processes"], "cgroup");
}

struct BadGroup {
  const char* name;
  std::string path;  // below base() unless absolute
  std::string message;
};

/// --cgroup PATH, for run and for serve.
void expect_refused(const std::string& path, const std::string& message) {
  const json error = error_of(run(program_spec("nothing"), {"--cgroup", path}));
  EXPECT_EQ(error["kind"], "request") << path;
  EXPECT_EQ(error["key"], "--cgroup") << path;
  EXPECT_NE(error["message"].get<std::string>().find(message), std::string::npos) << error;
  const Answer serve = call({"serve", "--cgroup", path});
  EXPECT_EQ(serve.exit_code, 2) << path;
  EXPECT_EQ(serve.raw, "") << path;
  EXPECT_NE(serve.stderr_text.find("--cgroup"), std::string::npos) << serve.stderr_text;
  EXPECT_NE(serve.stderr_text.find(message), std::string::npos) << serve.stderr_text;
}

TEST_F(Cgroup, AnUnfitGroupIsRefusedByFileAndController) {
  expect_refused("lane", "must be an absolute path");
  expect_refused("/sys/fs/cgroup/nonesuch", "open /sys/fs/cgroup/nonesuch: No such file or directory");
  expect_refused("/proc/version", "open /proc/version: Not a directory");
  expect_refused("/tmp", "/tmp is not cgroup v2: it has no cgroup.controllers");
  expect_refused(base() + "/main", "/main/cgroup.procs is not empty");

  // No memory, no pids: each named, with the file that shows it.
  const std::string poor = "/sys/fs/cgroup/poor." + std::to_string(::getpid());
  fs::create_directory(poor);
  for (const auto& [enabled, missing] : {std::pair("+pids", "memory"), std::pair("+memory -pids", "pids")}) {
    ASSERT_TRUE(write_to(poor + "/cgroup.subtree_control", enabled)) << enabled;
    fs::create_directory(poor + "/runs");
    expect_refused(poor + "/runs", poor + "/runs/cgroup.controllers has no " + missing);
    ::rmdir((poor + "/runs").c_str());
  }
  ::rmdir(poor.c_str());

  ASSERT_EQ(::mkdir("/run/cgroup-v1", 0755), 0);
  ASSERT_EQ(::mount("none", "/run/cgroup-v1", "cgroup", 0, "none,name=bailiff-test"), 0) << std::strerror(errno);
  expect_refused("/run/cgroup-v1", "/run/cgroup-v1 is not cgroup v2");
  ::umount("/run/cgroup-v1");
  ::rmdir("/run/cgroup-v1");

  ASSERT_EQ(::mkdir("/run/cgroup-ro", 0755), 0);
  ASSERT_EQ(::mount("none", "/run/cgroup-ro", "cgroup2", MS_RDONLY, nullptr), 0) << std::strerror(errno);
  ::mount("none", "/run/cgroup-ro", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr);
  expect_refused("/run/cgroup-ro" + group_.substr(std::strlen("/sys/fs/cgroup")),
                 "/cgroup.procs is not writable: Read-only file system");
  ::umount("/run/cgroup-ro");
  ::rmdir("/run/cgroup-ro");
}

// ---- from inside, and from outside

TEST_F(Cgroup, AProgramThatSeesTheGroupsCannotChangeThem) {
  json spec = program_spec("levers", {base().substr(std::strlen("/sys/fs/cgroup"))});
  const Answer got = run(spec, {"--cgroup", group_, "--root", "/sys/fs/cgroup"});
  const std::string text = bytes_of(result_of(got)["stdout"]);
  int seen = 0, changed = -1;
  ASSERT_EQ(std::sscanf(text.c_str(), "%d seen, %d changed", &seen, &changed), 2) << got.raw;
  EXPECT_GT(seen, 60) << text << "the leaf itself has some forty files";
  EXPECT_EQ(changed, 0) << text;
}

/// A helper with rights outside moves the program into a group below its leaf, and does something to that.
void meddle_and_see_it_end(const std::string& group, const std::function<std::string()>& find_leaf,
                           const std::string& file, const std::string& value) {
  json spec = limited(program_spec("dodge", {"vanish", "60000"}), {{"wall_time_ms", 3000}, {"cpu_time_ms", 60000}});
  const auto begun = Clock::now();
  const Started started = start({"run", "--cgroup", group, "-"});
  const std::string text = spec.dump();
  ASSERT_EQ(::write(started.in, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(started.in);
  const std::string leaf = find_leaf();
  ASSERT_NE(leaf, "");
  ::usleep(500'000);  // by then it has forked
  const std::string below = leaf + "/below";
  ASSERT_EQ(::mkdir(below.c_str(), 0755), 0) << std::strerror(errno);
  const bool before_moving = value == "threaded";
  EXPECT_TRUE(!before_moving || write_to(below + file, value)) << std::strerror(errno);
  std::istringstream procs(text_of(leaf + "/cgroup.procs"));
  int moved = 0;
  for (std::string pid; procs >> pid;) moved += write_to(below + "/cgroup.procs", pid) ? 1 : 0;
  EXPECT_GE(moved, 1);
  EXPECT_TRUE(before_moving || write_to(below + file, value)) << std::strerror(errno);
  const json got = result_of(finish({started.pid, ::open("/dev/null", O_WRONLY), started.out, started.err}));
  EXPECT_EQ(got["status"], "TLE") << got;
  EXPECT_EQ(got["reason"], "wall");
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(15));
}

TEST_F(Cgroup, AFrozenSubgroupStillDies) {
  meddle_and_see_it_end(group_, [&] { return leaf_of("dodge"); }, "/cgroup.freeze", "1");
}

TEST_F(Cgroup, AThreadedSubgroupStillDies) {
  meddle_and_see_it_end(group_, [&] { return leaf_of("dodge"); }, "/cgroup.type", "threaded");
}

TEST_F(Cgroup, NothingIsLeftWhenTheSupervisorIsKilled) {  // TearDown() says so; no next start is needed
  for (int round = 0; round < 6; ++round) {
    Peer peer({"--cgroup", group_, "--parallel", "2"});
    peer.open("a", {program_file("dodge")});
    (void)peer.ask_run("a", {{"argv", {"./dodge", "bomb", "0"}}, {"limits", {{"cpu_time_ms", 60000}}}});
    if (round % 2 != 0) (void)peer.ask_open("b", {program_file("dodge")});
    ::usleep(static_cast<useconds_t>(round) * 60'000);
    ASSERT_EQ(::kill(peer.pid(), SIGKILL), 0);
    EXPECT_EQ(peer.frames().wait(), 128 + SIGKILL);
    EXPECT_TRUE(wait_for([&] { return groups_below(group_).empty(); })) << round;
  }
}

// ---- before Linux 5.19 and 5.14 (tests/support/older_supervisor.cc)

class CgroupOfAnOlderKernel : public Cgroup {
 protected:
  void SetUp() override {
    Cgroup::SetUp();
    ::setenv("BAILIFF_SUPERVISOR", BAILIFF_OLDER_SUPERVISOR, 1);
  }
  void TearDown() override {
    ::setenv("BAILIFF_SUPERVISOR", before_.c_str(), 1);
    Cgroup::TearDown();
  }
  const std::string before_ = supervisor_path();
};

TEST_F(CgroupOfAnOlderKernel, HoldsTheMemoryAndSaysThatThePeakIsOfOneProcess) {
  const json got = result(grab("heap", 160));
  EXPECT_EQ(verdict(got), "MLE oom_kill >memory") << got;
  EXPECT_EQ(got["enforced"]["memory"], "cgroup");
  EXPECT_EQ(got["cpu_time"]["source"], "cgroup");
  const json little = result(grab("heap", 16));
  EXPECT_EQ(verdict(little), "OK") << little;
  EXPECT_EQ(little["peak_memory"]["source"], "rusage");
  EXPECT_GE(little["peak_memory"]["bytes"].get<std::int64_t>(), 16 * kMiB);
  EXPECT_EQ(little["peak_memory"]["others"], json::array());
  Peer peer({"--cgroup", group_});
  peer.open("a", {program_file("grab")});
  for (int run = 0; run < 3; ++run) {  // each in a leaf of its own
    const json spec = {{"argv", {"./grab", "heap", run == 1 ? "160" : "16"}},
                       {"limits", {{"memory_bytes", 64 * kMiB}, {"cpu_time_ms", 60000}}}};
    const RunReply reply = peer.run("a", spec);
    ASSERT_TRUE(reply.result.is_object()) << reply.error;
    EXPECT_EQ(verdict(reply.result), run == 1 ? "MLE oom_kill >memory" : "OK") << reply.result;
  }
  EXPECT_EQ(peer.bye(), 0);
}

TEST_F(CgroupOfAnOlderKernel, HasWhatADeadSupervisorLeftEndedOneByOne) {
  const std::string dead = group_ + "/bailiff-1-0";
  fs::create_directory(dead);
  fs::create_directory(dead + "/below");
  std::vector<pid_t> stuck;
  for (const char* group : {"", "", "/below"}) {
    stuck.push_back(::fork());
    if (stuck.back() == 0) {
      for (;;) ::pause();
    }
    ASSERT_TRUE(write_to(dead + group + "/cgroup.procs", std::to_string(stuck.back())));
  }
  EXPECT_EQ(verdict(result(program_spec("nothing"))), "OK");
  EXPECT_FALSE(fs::exists(dead));
  for (const pid_t pid : stuck) {
    int status = 0;
    EXPECT_TRUE(wait_for([&] { return ::waitpid(pid, &status, WNOHANG) == pid; }));
    EXPECT_EQ(status, SIGKILL);
    if (status == 0) ::kill(pid, SIGKILL);
  }
}

TEST_F(Cgroup, TheNextStartRemovesWhatADeadOneLeftAndOnlyThat) {
  const std::string dead = group_ + "/bailiff-1-0", other = group_ + "/somebody-else";
  fs::create_directory(dead);
  fs::create_directory(dead + "/below");
  fs::create_directory(other);
  const pid_t stuck = ::fork();
  if (stuck == 0) {
    for (;;) ::pause();
  }
  ASSERT_TRUE(write_to(dead + "/below/cgroup.procs", std::to_string(stuck)));
  Peer alive({"--cgroup", group_});
  EXPECT_FALSE(fs::exists(dead)) << "with what was alive in it, and what was below it";
  int status = 0;
  EXPECT_TRUE(wait_for([&] { return ::waitpid(stuck, &status, WNOHANG) == stuck; }));
  EXPECT_EQ(status, SIGKILL);
  if (status == 0) ::kill(stuck, SIGKILL);
  alive.open("a");
  const std::vector<std::string> before = groups_below(group_);
  EXPECT_EQ(before.size(), 2U) << testing::PrintToString(before);
  EXPECT_EQ(verdict(result(program_spec("nothing"))), "OK");
  EXPECT_EQ(groups_below(group_).size(), 2U) << "that of a living supervisor and a stranger's stay";
  EXPECT_EQ(alive.bye(), 0);
  ::rmdir(other.c_str());
}

}  // namespace
}  // namespace bailiff::test
