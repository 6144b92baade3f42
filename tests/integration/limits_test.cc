// Each limit, held exactly where it can be exact: at the limit all is well, one more is over it. What ended a run is
// asserted by kind; how soon is a matter of load, and only bounded generously.

#include <gtest/gtest.h>

#include <dirent.h>
#include <sys/stat.h>

#include <set>
#include <sstream>

#include "tests/integration/result.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

constexpr std::int64_t kMiB = 1 << 20;

/// A program of tests/programs under these limits.
json limited_run(const std::string& program, std::vector<std::string> arguments, const json& limits) {
  const Answer answer = run(limited(program_spec(program, std::move(arguments)), limits));
  json result = result_of(answer);
  testing::Test::RecordProperty("result", answer.raw.substr(0, 2000));
  return result;
}

/// status, reason and what was exceeded, in one comparable word.
std::string verdict(const json& result) {
  std::string text = result["status"];
  if (!result["reason"].is_null()) text += " " + result["reason"].get<std::string>();
  for (const json& limit : result["limits_exceeded"]) text += " >" + limit.get<std::string>();
  return text;
}

// ---- time ----------------------------------------------------------------------------------------------------

struct Shape {
  const char* name;
  std::vector<std::string> arguments;
};
void PrintTo(const Shape& shape, std::ostream* out) { *out << shape.name; }

class CpuLimitOn : public testing::TestWithParam<Shape> {};

TEST_P(CpuLimitOn, EndsTheBurner) {
  const json result = limited_run("burn", GetParam().arguments, {{"cpu_time_ms", 300}, {"wall_time_ms", 60000}});
  EXPECT_EQ(verdict(result), "TLE cpu >cpu_time");
  EXPECT_EQ(result["killed_by"], "supervisor");
  EXPECT_EQ(result["signal"], 9);
  const auto used = result["cpu_time"]["ns"].get<std::int64_t>();
  testing::Test::RecordProperty("overshoot_us", static_cast<int>((used - 300'000'000) / 1000));
  EXPECT_GT(used, 300'000'000) << "reported as measured, not cut to the limit";
  EXPECT_LT(used, 600'000'000);
}

INSTANTIATE_TEST_SUITE_P(, CpuLimitOn,
                         testing::Values(Shape{"OneThread", {"plain", "60000"}},
                                         Shape{"TwoThreads", {"threads", "60000", "2"}},
                                         Shape{"ManyThreads", {"threads", "60000", "32"}},
                                         Shape{"Child", {"child", "60000", "1"}},
                                         Shape{"Tree", {"child", "60000", "16"}},
                                         Shape{"Orphan", {"orphan", "60000"}},
                                         Shape{"OfAParentThatIgnoresSigchld", {"ignored", "60000"}}),
                         [](const auto& row) { return row.param.name; });

TEST(CpuLimit, CountsChildrenThatAreGone) {  // each far below the limit, one after the other
  const Answer answer = run({{"argv", {"/bin/sh", "-c", "while :; do ./burn plain 40; done"}},
                             {"files", program_spec("burn")["files"]},
                             {"limits", {{"cpu_time_ms", 300}, {"wall_time_ms", 60000}}}});
  EXPECT_EQ(verdict(result_of(answer)), "TLE cpu >cpu_time") << answer.raw;
}

TEST(CpuLimit, IsNotReachedByAProgramThatStaysBelow) {
  EXPECT_EQ(verdict(limited_run("burn", {"plain", "200"}, {{"cpu_time_ms", 300}, {"wall_time_ms", 60000}})), "OK");
}

TEST(WallLimit, EndsASleeper) {
  const json result = limited_run("hog", {"main", "0", "60000"}, {{"wall_time_ms", 200}});
  EXPECT_EQ(verdict(result), "TLE wall >wall_time");
  EXPECT_EQ(result["killed_by"], "supervisor");
  EXPECT_GT(result["wall_time"]["ns"].get<std::int64_t>(), 200'000'000);
  EXPECT_LT(result["cpu_time"]["ns"].get<std::int64_t>(), 100'000'000);
}

TEST(WallLimit, EndsAProgramThatStoppedItself) {
  EXPECT_EQ(verdict(limited_run("die", {"stop"}, {{"wall_time_ms", 200}})), "TLE wall >wall_time");
}

TEST(WallLimit, IsNotHeldUpByASleeperInTheBackground) {  // the run ends with the exec'd process
  const Answer answer = run({{"argv", {"/bin/sh", "-c", "sleep 60 & exit 0"}}, {"limits", {{"wall_time_ms", 20000}}}});
  EXPECT_EQ(verdict(result_of(answer)), "OK") << answer.raw;
  EXPECT_LT(result_of(answer)["wall_time"]["ns"].get<std::int64_t>(), 10'000'000'000);
  EXPECT_EQ(result_of(answer)["residue"]["processes_killed"], 1);
}

// ---- memory --------------------------------------------------------------------------------------------------

class MemoryLimitOn : public testing::TestWithParam<Shape> {};

TEST_P(MemoryLimitOn, EndsAHogThatHoldsOn) {
  std::vector<std::string> arguments = GetParam().arguments;
  arguments.emplace_back("30000");
  const json result = limited_run("hog", arguments, {{"memory_bytes", 48 * kMiB}, {"wall_time_ms", 25000}});
  EXPECT_EQ(result["status"], "MLE") << verdict(result);
  EXPECT_EQ(result["limits_exceeded"], json::array({"memory"}));
  EXPECT_EQ(result["signal"], 9);
  if (result["enforced"]["memory"] == "sampling") {
    EXPECT_EQ(result["reason"], "peak");
    EXPECT_EQ(result["killed_by"], "supervisor");
    EXPECT_GT(result["peak_memory"]["bytes"].get<std::int64_t>(), 48 * kMiB);
  }
}

INSTANTIATE_TEST_SUITE_P(, MemoryLimitOn,
                         testing::Values(Shape{"InMain", {"main", "160"}}, Shape{"InAChild", {"child", "160"}},
                                         Shape{"InEightChildrenEachBelow", {"apart", "20"}},
                                         Shape{"InAFileOfTmp", {"/tmp/hog", "60"}},
                                         Shape{"InAFileOfShm", {"/dev/shm/hog", "60"}},
                                         Shape{"InAFileOfTheBox", {"/box/file", "60"}}),
                         [](const auto& row) { return row.param.name; });

TEST(MemoryLimit, IsFoundInTheFinalFigureOfAHogThatDoesNotWait) {
  const json result = limited_run("hog", {"main", "160"}, {{"memory_bytes", 48 * kMiB}, {"wall_time_ms", 25000}});
  EXPECT_EQ(result["status"], "MLE") << verdict(result);
}

TEST(MemoryLimit, CountsPagesSharedByEightChildrenOnce) {
  const json result = limited_run("hog", {"shared", "40", "400"}, {{"memory_bytes", 96 * kMiB}, {"wall_time_ms", 25000}});
  EXPECT_EQ(verdict(result), "OK") << result["peak_memory"];
}

TEST(MemoryLimit, LeavesAProgramAloneThatStaysBelow) {
  const json result = limited_run("hog", {"main", "40", "100"}, {{"memory_bytes", 48 * kMiB}, {"wall_time_ms", 25000}});
  EXPECT_EQ(verdict(result), "OK") << result["peak_memory"];
}

TEST(AddressSpaceLimit, RefusesTheMappingAndIsNoVerdict) {
  EXPECT_EQ(verdict(limited_run("hog", {"main", "160"}, {{"address_space_bytes", 100 * kMiB}, {"stack_bytes", 8 * kMiB}})),
            "RE exit");
}

TEST(AddressSpaceLimit, ThatTheProgramsOwnImageIsOverIsAMemoryVerdict) {
  const json over = limited_run("vast", {}, {{"address_space_bytes", 256 * kMiB}, {"stack_bytes", 8 * kMiB}});
  EXPECT_EQ(verdict(over), "MLE static_image >memory") << over;
  // What it never touches it does not have: under a limit of memory alone it may declare a gigabyte.
  EXPECT_EQ(verdict(limited_run("vast", {}, {{"memory_bytes", 64 * kMiB}})), "OK");
  EXPECT_EQ(verdict(limited_run("vast", {}, {{"address_space_bytes", 2048 * kMiB}, {"stack_bytes", 8 * kMiB}})), "OK");
}

TEST(StackLimit, IsWhereItWasPut) {
  EXPECT_EQ(verdict(limited_run("deep", {"7500"}, {{"stack_bytes", 8 * kMiB}})), "OK");
  const json over = limited_run("deep", {"8800"}, {{"stack_bytes", 8 * kMiB}});
  EXPECT_EQ(verdict(over), "RE signal");
  EXPECT_EQ(over["signal"], 11);
}

TEST(StackLimit, MayBeLargerThanTheHostsOwn) {
  const json limits = {{"stack_bytes", 200 * kMiB}, {"cpu_time_ms", 10000}, {"wall_time_ms", 30000}};
  EXPECT_EQ(verdict(limited_run("deep", {"100000"}, limits)), "OK");
}

// ---- processes and descriptors -------------------------------------------------------------------------------

class ProcessLimit : public testing::TestWithParam<int> {};

TEST_P(ProcessLimit, CountsTheProgramItself) {
  const std::string expected = std::to_string(GetParam()) + " EAGAIN\n";
  const json limits = {{"processes", GetParam()}, {"wall_time_ms", 20000}};
  const json processes = limited_run("crowd", {"processes"}, limits);
  const bool counted = processes["enforced"]["processes"] == "cgroup";  // pids.events, where there is one
  EXPECT_EQ(verdict(processes), counted ? "OK >processes" : "OK");
  EXPECT_EQ(bytes_of(processes["stdout"]), expected);
  EXPECT_EQ(processes["residue"]["processes_killed"], GetParam() - 1);
  EXPECT_EQ(bytes_of(limited_run("crowd", {"threads"}, limits)["stdout"]), expected);
}

INSTANTIATE_TEST_SUITE_P(Of, ProcessLimit, testing::Values(1, 2, 16, 64),
                         [](const auto& row) { return std::to_string(row.param); });

/// Processes of this machine that belong to user `uid`.
std::set<std::string> processes_of(unsigned uid) {
  std::set<std::string> found;
  DIR* proc = ::opendir("/proc");
  while (const dirent* entry = ::readdir(proc)) {
    struct stat status = {};
    const std::string name = entry->d_name;
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (::stat(("/proc/" + name).c_str(), &status) == 0 && status.st_uid == uid) found.insert(name);
  }
  ::closedir(proc);
  return found;
}

TEST(ForkBomb, IsOverWhenItsRunIs) {
  const json result = limited_run("crowd", {"bomb", "60"}, {{"processes", 32}, {"cpu_time_ms", 500}, {"wall_time_ms", 5000}});
  EXPECT_EQ(result["status"], "TLE");
  for (const json& row : result["processes"]) EXPECT_EQ(row["exit_code"], nullptr) << "it ended by itself: " << row;
}

TEST(Residue, OfAThousandProcessesIsGoneCountedAndHarmsNoResult) {
  const json result = limited_run("crowd", {"leave", "1000"}, {{"processes", 1100}, {"wall_time_ms", 60000}, {"cpu_time_ms", 30000}});
  EXPECT_EQ(verdict(result), "OK");
  EXPECT_EQ(result["exit_code"], 0);
  EXPECT_EQ(result["residue"]["processes_killed"], 1000);
  std::istringstream words(bytes_of(result["stdout"]));
  unsigned count = 0;
  unsigned uid = 0;
  words >> count >> uid;
  EXPECT_EQ(count, 1000U);
  ASSERT_GT(uid, 0U);
  EXPECT_EQ(processes_of(uid), std::set<std::string>());
}

TEST(OpenFilesLimit, IsTheFirstNumberThatCannotBeHad) {
  const json result = limited_run("fill", {"descriptors"}, {{"open_files", 16}});
  EXPECT_EQ(bytes_of(result["stdout"]), "15 EMFILE\n");
}

// ---- output --------------------------------------------------------------------------------------------------

struct StreamCase {
  const char* name;
  const char* number;
};
void PrintTo(const StreamCase& stream, std::ostream* out) { *out << stream.name; }

class OutputLimit : public testing::TestWithParam<StreamCase> {};

TEST_P(OutputLimit, LetsExactlyThatMuchThrough) {
  constexpr std::int64_t kCeiling = 100'000;
  const json at = limited_run("emit", {GetParam().number, "100000"}, {{"output_bytes", kCeiling}});
  EXPECT_EQ(verdict(at), "OK");
  EXPECT_EQ(at[GetParam().name]["bytes"], kCeiling);
  EXPECT_EQ(at[GetParam().name]["truncated"], false);
  EXPECT_EQ(bytes_of(at[GetParam().name]), std::string(kCeiling, 'x'));

  const json over = limited_run("emit", {GetParam().number, "100001"}, {{"output_bytes", kCeiling}});
  EXPECT_EQ(verdict(over), std::string("OLE ") + GetParam().name + " >output");
  EXPECT_EQ(over[GetParam().name]["bytes"], kCeiling + 1);
  EXPECT_EQ(over[GetParam().name]["truncated"], true);
  EXPECT_EQ(bytes_of(over[GetParam().name]), std::string(kCeiling, 'x'));
}

TEST_P(OutputLimit, EndsAFlood) {
  const json result = limited_run("emit", {GetParam().number, "100000000000"},
                                  {{"output_bytes", 1 << 20}, {"wall_time_ms", 60000}, {"cpu_time_ms", 60000}});
  EXPECT_EQ(verdict(result), std::string("OLE ") + GetParam().name + " >output");
  EXPECT_EQ(result["killed_by"], "supervisor");
  EXPECT_LT(result[GetParam().name]["bytes"].get<std::int64_t>(), (1 << 20) + (1 << 17)) << "read on after the ceiling";
}

INSTANTIATE_TEST_SUITE_P(, OutputLimit, testing::Values(StreamCase{"stdout", "1"}, StreamCase{"stderr", "2"}),
                         [](const auto& row) { return row.param.name; });

// ---- files ---------------------------------------------------------------------------------------------------

TEST(FileSizeLimit, LetsExactlyThatMuchThrough) {
  const json limits = {{"file_size_bytes", 2 * kMiB}};
  EXPECT_EQ(verdict(limited_run("fill", {"file", std::to_string(2 * kMiB)}, limits)), "OK");
  const json over = limited_run("fill", {"file", std::to_string(2 * kMiB + 1)}, limits);
  EXPECT_EQ(verdict(over), "OLE file_size >file_size");
  EXPECT_EQ(over["killed_by"], "kernel_rlimit");
  EXPECT_EQ(over["signal"], 25);
}

TEST(FileSizeLimit, IsProvenByAFullFileAndNotByAnExitCode) {
  // Ignores SIGXFSZ and fails of EFBIG, as Python does.
  EXPECT_EQ(verdict(limited_run("fill", {"patient", std::to_string(2 * kMiB + 1)}, {{"file_size_bytes", 2 * kMiB}})),
            "OLE file_size >file_size");
  EXPECT_EQ(verdict(limited_run("die", {"exit", "1"}, {{"file_size_bytes", 2 * kMiB}})), "RE exit");
}

TEST(DiskLimit, IsOneQuotaOverAllThreePlaces) {
  const json result = limited_run("fill", {"disk"}, {{"disk_bytes", 16 * kMiB}, {"memory_bytes", 256 * kMiB}});
  EXPECT_EQ(verdict(result), "OLE disk >disk_bytes");
  const std::int64_t wrote = std::stoll(bytes_of(result["stdout"]));
  EXPECT_LE(wrote, 16 * kMiB);
  EXPECT_GE(wrote, 14 * kMiB);  // the program itself lies there too
}

TEST(InodeLimit, IsExactAndOneQuotaOverAllThreePlaces) {
  const json result = limited_run("fill", {"inodes"}, {{"disk_inodes", 50}});
  if (result["enforced"]["disk_inodes"] != "tmpfs") GTEST_SKIP() << "this kernel's tmpfs has no nr_inodes";
  EXPECT_EQ(verdict(result), "OLE inodes >disk_inodes");
  EXPECT_EQ(bytes_of(result["stdout"]), "49\n");  // the program itself is the fiftieth
}

TEST(DiskLimit, DoesNotExplainAFailureThatLeftRoom) {
  EXPECT_EQ(verdict(limited_run("die", {"exit", "1"}, {{"disk_bytes", 16 * kMiB}})), "RE exit");
}

// ---- what holds them -----------------------------------------------------------------------------------------

TEST(Enforced, NamesAMechanismForEveryLimitAndLayer) {
  const json held = result_of(run(program_spec("nothing")))["enforced"];
  const std::set<std::string> expected = {"cpu_time",   "wall_time",  "memory",      "stack",   "output", "file_size",
                                          "processes",  "open_files", "disk_bytes",  "disk_inodes", "seccomp", "net",
                                          "pid",        "mount",      "ipc",         "uts",     "uid"};
  std::set<std::string> got;
  for (const auto& [name, mechanism] : held.items()) {
    got.insert(name);
    EXPECT_NE(mechanism, "none") << name;
  }
  EXPECT_EQ(got, expected);
  EXPECT_EQ(held["net"], "namespace");
  EXPECT_EQ(held["seccomp"], "default");
}

TEST(Enforced, SaysUnlimitedWhereNothingWasAsked) {
  const json held = limited_run("nothing", {}, {{"cpu_time_ms", nullptr}, {"memory_bytes", nullptr}, {"stack_bytes", nullptr},
                                                {"file_size_bytes", nullptr}, {"disk_inodes", nullptr}})["enforced"];
  for (const char* name : {"cpu_time", "memory", "stack", "file_size", "disk_inodes"}) EXPECT_EQ(held[name], "unlimited");
}

TEST(Require, IsGrantedWhereTheMechanismIsThere) {
  json spec = program_spec("nothing");
  spec["require"] = {{"wall_time", "timer"}, {"net", "namespace"}, {"disk_bytes", "tmpfs"}};
  EXPECT_EQ(result_of(run(spec))["status"], "OK");
}

TEST(Require, RefusesTheRunAndNamesWhatIsMissing) {
  json spec = program_spec("nothing");
  spec["require"] = {{"memory", "magic"}};
  const json error = error_of(run(spec));
  EXPECT_EQ(error["kind"], "request");
  EXPECT_EQ(error["key"], "require.memory");
  EXPECT_NE(error["message"].get<std::string>().find("magic"), std::string::npos) << error;
}

TEST(AcceptMissing, TakesNothingAwayThatIsThere) {
  json spec = program_spec("nothing");
  spec["accept_missing"] = {"net", "disk_inodes"};
  const json result = result_of(run(spec));
  EXPECT_EQ(result["status"], "OK");
  EXPECT_EQ(result["enforced"]["net"], "namespace");
}

TEST(Seccomp, OfAnUnknownNameIsRefused) {
  json spec = program_spec("nothing");
  spec["seccomp"] = "nonesuch";
  const json error = error_of(run(spec));
  EXPECT_EQ(error["kind"], "request");
  EXPECT_EQ(error["key"], "seccomp");
  EXPECT_NE(error["message"].get<std::string>().find("nonesuch"), std::string::npos) << error;
}

// What the caller puts into the box is no evidence against the program

/// The verdict on /bin/false beside a file of the caller's.
std::string verdict_beside_file(const json& limits, std::size_t bytes) {
  json spec = {{"argv", {"/bin/false"}}, {"limits", limits}};
  spec["files"] = {{"input", {{"content", std::string(bytes, 'x')}}}};
  return verdict(result_of(run(spec)));
}

TEST(CallersFiles, AreNoEvidenceOfALimitCrossed) {
  EXPECT_EQ(verdict_beside_file({{"file_size_bytes", 4096}}, 5000), "RE exit");
  EXPECT_EQ(verdict_beside_file({{"disk_bytes", 8192}}, 8192), "RE exit");
}

TEST(InodeLimit, IsNotCrossedByTheCallersFiles) {
  EXPECT_EQ(verdict_beside_file({{"disk_inodes", 1}}, 10), "RE exit");
}

TEST(CallersFiles, DoNotHideWhatTheProgramDoes) {
  json spec = {{"argv", {"/bin/sh", "-c", "trap '' XFSZ; head -c 9000 /dev/zero > out; exit 1"}}};
  spec["files"] = {{"input", {{"content", std::string(5000, 'x')}}}};
  spec["limits"] = {{"file_size_bytes", 4096}};
  const json result = result_of(run(spec));
  EXPECT_EQ(result["status"], "OLE") << result;
  EXPECT_EQ(result["reason"], "file_size");
}

}  // namespace
}  // namespace bailiff::test
