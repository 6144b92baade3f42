// Whether the figures are true. CPU time is exact however busy the machine is, so nothing here is retried; nothing
// here asserts how long something took.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/unique_fd.h"
#include "jail/run.h"
#include "tests/integration/result.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

// No CPU limit: with RLIMIT_CPU set, the kernel answers a process that asks for its own CLOCK_PROCESS_CPUTIME_ID from
// a sum it brings up to date at ticks only (kernel/time/posix-cpu-timers.c, proc_sample_cputime_atomic).
const json kUnhurried = {{"cpu_time_ms", nullptr}, {"wall_time_ms", 60000}, {"memory_bytes", 1U << 30}};

// ---- CPU time ------------------------------------------------------------------------------------------------

/// What the processes of tests/programs/burn.c read off their own clocks at their last moment, together.
std::int64_t own_clocks_ns(const json& result) {
  const std::string bytes = bytes_of(result["files"]["clocks"]);
  std::int64_t total = 0;
  for (std::size_t at = 0; at + sizeof total <= bytes.size(); at += sizeof total) {
    std::int64_t clock = 0;
    std::memcpy(&clock, bytes.data() + at, sizeof clock);
    total += clock;
  }
  return total;
}

struct Burner {
  const char* name;
  std::vector<std::string> arguments;
  bool complete_without_cgroup = true;  // whether wait4 sees all of it
};
void PrintTo(const Burner& burner, std::ostream* out) { *out << burner.name; }

class CpuTime : public testing::TestWithParam<Burner> {};

TEST_P(CpuTime, IsWhatTheProgramsOwnClocksSay) {
  json spec = limited(program_spec("burn", GetParam().arguments), kUnhurried);
  spec["collect"] = {"clocks"};
  const Answer answer = run(spec);
  const json& result = result_of(answer);
  ASSERT_EQ(result["status"], "OK") << answer.raw;

  const std::int64_t own = own_clocks_ns(result);
  const std::int64_t tolerance = std::max<std::int64_t>(1'000'000, own / 100);
  ASSERT_GE(own, std::stoll(GetParam().arguments[1]) * 1'000'000) << "the program burned less than it was to";
  RecordProperty("error_us", static_cast<int>((result["cpu_time"]["ns"].get<std::int64_t>() - own) / 1000));
  const bool complete = result["cpu_time"]["complete"];
  EXPECT_TRUE(complete || result["cpu_time"]["source"] != "cgroup") << answer.raw;
  if (complete || GetParam().complete_without_cgroup) {
    EXPECT_NEAR(result["cpu_time"]["ns"].get<double>(), static_cast<double>(own), static_cast<double>(tolerance));
  }
  if (GetParam().complete_without_cgroup) {
    const json& wait4 = figure(result["cpu_time"], "wait4");
    EXPECT_NEAR(wait4["ns"].get<double>(), static_cast<double>(own), static_cast<double>(tolerance));
  }
}

INSTANTIATE_TEST_SUITE_P(, CpuTime,
                         testing::Values(Burner{"Plain50ms", {"plain", "50"}}, Burner{"Plain100ms", {"plain", "100"}},
                                         Burner{"Plain1000ms", {"plain", "1000"}},
                                         Burner{"TwoThreads", {"threads", "200", "2"}},
                                         Burner{"Child", {"child", "100", "1"}},
                                         Burner{"FourChildren", {"child", "50", "4"}},
                                         Burner{"OrphanStillBurningAtTheEnd", {"orphan", "100"}},
                                         Burner{"ChildNobodyWaitsFor", {"unwaited", "100"}},
                                         Burner{"ParentIgnoresSigchld", {"ignored", "100"}, false}),
                         [](const auto& row) { return row.param.name; });

TEST(CpuTimeSplit, AddsUpAndNeverExceedsTheSum) {
  const Answer answer = run(limited(program_spec("hog", {"main", "64"}), kUnhurried));
  const json& cpu = result_of(answer)["cpu_time"];
  EXPECT_EQ(cpu["user_ns"].get<std::int64_t>() + cpu["system_ns"].get<std::int64_t>(), cpu["ns"].get<std::int64_t>());
  EXPECT_GE(cpu["system_ns"].get<std::int64_t>(), 0);
}

// ---- memory --------------------------------------------------------------------------------------------------

std::int64_t rusage_bytes(const json& result) { return figure(result["peak_memory"], "rusage")["bytes"]; }

std::int64_t hog_bytes(int mib) {
  const Answer answer = run(limited(program_spec("hog", {"main", std::to_string(mib)}), kUnhurried));
  EXPECT_EQ(result_of(answer)["status"], "OK") << answer.raw;
  return rusage_bytes(result_of(answer));
}

class PeakMemory : public testing::TestWithParam<int> {};

TEST_P(PeakMemory, IsWhatWasTouched) {
  const std::int64_t touched = std::int64_t{GetParam()} << 20;
  const std::int64_t tolerance = std::max<std::int64_t>(touched / 100, 256 << 10);
  EXPECT_NEAR(static_cast<double>(hog_bytes(GetParam()) - hog_bytes(0)), static_cast<double>(touched),
              static_cast<double>(tolerance));
}

INSTANTIATE_TEST_SUITE_P(MiB, PeakMemory, testing::Values(10, 64, 256),
                         [](const auto& row) { return std::to_string(row.param); });

TEST(PeakMemoryFloor, OfTheSmallestStaticProgramIsBelow768KiB) {
  const Answer answer = run(limited(program_spec("nothing"), kUnhurried));
  EXPECT_EQ(result_of(answer)["status"], "OK") << answer.raw;
  EXPECT_LE(rusage_bytes(result_of(answer)), 768 << 10);
}

/// Of many runs: address space randomisation, and what lies in the page cache, move a dynamic program's figure by up to
/// 200 KiB from run to run, with bailiff and without.
template <typename Measure>
std::int64_t mean(Measure measure) {
  constexpr int kRuns = 61;
  std::int64_t sum = 0;
  for (int i = 0; i < kRuns; ++i) sum += measure();
  return sum / kRuns;
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A file's bytes in memory, as a box holds them: how many pages of a file one fault maps depends on how they lie in the
/// page cache, and those of a disk lie there in pieces of any size (seen: 104 KiB between two copies of one program).
class InMemory {
 public:
  explicit InMemory(const std::string& path) : fd_(::memfd_create("program", MFD_CLOEXEC)) {
    const std::string bytes = content_of(path);
    EXPECT_EQ(::write(fd_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  [[nodiscard]] std::string path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
  }

 private:
  UniqueFd fd_;
};

/// ru_maxrss of the program as child of a parent that has next to nothing (starter.c), in bytes.
std::int64_t started_by_a_small_parent(const std::vector<std::string>& argv) {
  std::string command = "env -i HOME=/box LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin " BAILIFF_STARTER;
  for (const std::string& word : argv) command += " '" + word + "'";
  FILE* pipe = ::popen(command.c_str(), "r");
  long rss_kib = 0;
  long own_kib = 0;
  EXPECT_EQ(std::fscanf(pipe, "%ld %ld", &rss_kib, &own_kib), 2);
  EXPECT_EQ(::pclose(pipe), 0);
  EXPECT_LE(own_kib, 100) << "the starter is no small parent";
  return std::int64_t{rss_kib} << 10;
}

struct Program {
  const char* name;
  std::vector<std::string> argv;
};
void PrintTo(const Program& program, std::ostream* out) { *out << program.name; }

const Program kPrograms[] = {{"StaticMain", {program_path("nothing")}},
                             {"DynamicTrue", {"/bin/true"}},
                             // Its figure moves most: without randomisation it is the same nearly every time.
                             {"Python", {"/usr/bin/setarch", "-R", "/usr/bin/python3", "-c", "pass"}}};

bool is_ours(const Program& program) { return program.argv[0].starts_with(program_path("")); }

json spec_of(const Program& program) {
  if (!is_ours(program)) return limited({{"argv", program.argv}}, kUnhurried);
  return limited(program_spec("nothing"), kUnhurried);
}

/// What a small parent sees, of the same bytes in the same kind of file as in the box.
std::int64_t expected_of(const Program& program) {
  if (!is_ours(program)) return mean([&] { return started_by_a_small_parent(program.argv); });
  const InMemory copy(program.argv[0]);
  return mean([&] { return started_by_a_small_parent({copy.path()}); });
}

class MemoryOfOthers : public testing::TestWithParam<Program> {};

TEST_P(MemoryOfOthers, IsNotCountedForASmallSupervisor) {
  const std::int64_t expected = expected_of(GetParam());
  const json spec = spec_of(GetParam());
  const std::int64_t got = mean([&] { return rusage_bytes(result_of(run(spec))); });
  RecordProperty("expected_kib", static_cast<int>(expected >> 10));
  RecordProperty("got_kib", static_cast<int>(got >> 10));
  EXPECT_NEAR(static_cast<double>(got), static_cast<double>(expected), 64 << 10);
}

/// This process as the supervisor, holding 300 MiB: an exec'd bailiff-supervisor would not hold them any more.
TEST_P(MemoryOfOthers, IsNotCountedForASupervisorOf300MiB) {
  const std::int64_t expected = expected_of(GetParam());

  Surroundings surroundings;
  Result<RootTree> root = RootTree::of_host();
  ASSERT_TRUE(root) << root.error().message();
  surroundings.root = *std::move(root);
  surroundings.cgroups = CgroupTree::find_own();
  surroundings.kernel = Kernel::probe();
  RunSpec spec;
  spec.limits.cpu_time = std::nullopt;
  spec.limits.wall_time = 60s;
  if (is_ours(GetParam())) {
    spec.files["nothing"] = InputFile{{content_of(GetParam().argv[0]), {}}, 0755};
    spec.argv = {"./nothing"};
  } else {
    spec.argv = GetParam().argv;
  }

  constexpr std::size_t kHeld = std::size_t{300} << 20;
  void* held = ::mmap(nullptr, kHeld, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  ASSERT_NE(held, MAP_FAILED);
  std::memset(held, 1, kHeld);
  const std::int64_t got = mean([&] {
    Result<RunResult> result = run_once(surroundings, spec);
    EXPECT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->status, Verdict::kOk);
    const MemoryFigure& rusage = result->peak_memory.best.source == "rusage" ? result->peak_memory.best
                                                                             : result->peak_memory.others.at(0);
    EXPECT_EQ(rusage.source, "rusage");
    return static_cast<std::int64_t>(rusage.peak.count);
  });
  ::munmap(held, kHeld);
  EXPECT_NEAR(static_cast<double>(got), static_cast<double>(expected), 64 << 10);
}

INSTANTIATE_TEST_SUITE_P(, MemoryOfOthers, testing::ValuesIn(kPrograms),
                         [](const auto& row) { return row.param.name; });

// ---- wall time, rows, overhead -------------------------------------------------------------------------------

TEST(WallTime, RunsFromExecToExitAndNoFurther) {
  const Answer answer = run(limited(program_spec("hog", {"main", "0", "200"}), kUnhurried));
  const auto wall = result_of(answer)["wall_time"]["ns"].get<std::int64_t>();
  EXPECT_GE(wall, 200'000'000);
  EXPECT_EQ(result_of(answer)["wall_time"]["source"], "monotonic");
  EXPECT_LT(result_of(answer)["cpu_time"]["ns"].get<std::int64_t>(), 100'000'000) << "sleeping is not computing";
}

TEST(ProcessRows, HaveEachReapedProcessWithTheOnesItWaitedFor) {
  const Answer answer = run(limited(program_spec("burn", {"orphan", "50"}), kUnhurried));
  const json& result = result_of(answer);
  ASSERT_EQ(result["processes"].size(), 2U) << answer.raw;  // main with the one between; the orphan
  const json& orphan = result["processes"][0];              // most CPU first
  EXPECT_GE(orphan["cpu_ns"].get<std::int64_t>(), 50'000'000);
  EXPECT_EQ(orphan["signal"], 9);
  EXPECT_EQ(orphan["exit_code"], nullptr);
  EXPECT_EQ(result["processes"][1]["pid"], 2);
  EXPECT_EQ(result["processes"][1]["exit_code"], 0);
  EXPECT_EQ(result["processes_omitted"], 0);
  EXPECT_EQ(result["residue"]["processes_killed"], 1);
}

TEST(ProcessRows, AreTheFirst64AndTheRestIsCounted) {
  const Answer answer = run(limited(program_spec("crowd", {"leave", "100"}), {{"processes", 200}}));
  const json& result = result_of(answer);
  ASSERT_EQ(result["status"], "OK") << answer.raw;
  EXPECT_EQ(result["processes"].size(), 64U);
  EXPECT_EQ(result["processes_omitted"], 101 - 64);
  EXPECT_TRUE(std::any_of(result["processes"].begin(), result["processes"].end(), [](const json& row) {
    return row["pid"] == 2 && row["exit_code"] == 0;
  })) << "the main process must keep its row";
}

TEST(Overhead, IsAlwaysMeasured) {
  const Answer answer = run(program_spec("nothing"));
  for (const char* part : {"prepare_ns", "spawn_ns", "run_ns", "collect_ns", "cleanup_ns"}) {
    EXPECT_GT(result_of(answer)["overhead"][part].get<std::int64_t>(), 0) << part;
  }
}

/// Holds a supervisor for 20 ms after each message it has sent, as a busy machine may, until it ends. Returns a child that
/// does so.
pid_t hold_up_after_messages(const Started& supervisor) {
  const auto [pid, in, out, err] = supervisor;
  int ready[2];
  if (::pipe2(ready, O_CLOEXEC) < 0) throw std::runtime_error("pipe2");
  const pid_t tracer = ::fork();
  if (tracer == 0) {
    for (const int end : {in, out, err}) ::close(end);  // else it would never see its input's end
    if (::ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0) ::_exit(1);
    ::ptrace(PTRACE_INTERRUPT, pid, 0, 0);
    int held = 0;
    for (int status = 0; ::waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status);) {
      if (held == 0) (void)!::write(ready[1], "x", 1);
      held = 1;
      struct __ptrace_syscall_info call = {};
      static bool sending = false;
      int deliver = 0;
      if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
        ::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof call, &call);
        if (call.op == PTRACE_SYSCALL_INFO_ENTRY) sending = call.entry.nr == SYS_sendmsg;
        if (call.op == PTRACE_SYSCALL_INFO_EXIT && sending) ::usleep(20000);
      } else if (status >> 16 == 0) {
        deliver = WSTOPSIG(status);
      }
      ::ptrace(PTRACE_SYSCALL, pid, 0, deliver);
    }
    ::_exit(0);
  }
  char byte = 0;
  ::close(ready[1]);
  EXPECT_EQ(::read(ready[0], &byte, 1), 1) << "cannot trace the supervisor";
  ::close(ready[0]);
  return tracer;
}

TEST(Overhead, IsNoLessThanNothingWhenTheSupervisorIsHeldUp) {
  const Started supervisor = start({"run", "-"});
  const pid_t tracer = hold_up_after_messages(supervisor);
  const Answer answer = finish(supervisor, program_spec("nothing").dump());
  ::waitpid(tracer, nullptr, 0);
  ASSERT_EQ(result_of(answer)["status"], "OK") << answer.raw;
  for (const char* part : {"prepare_ns", "spawn_ns", "run_ns", "collect_ns", "cleanup_ns"}) {
    EXPECT_GE(result_of(answer)["overhead"][part].get<std::int64_t>(), 0) << part;
  }
}

}  // namespace
}  // namespace bailiff::test
