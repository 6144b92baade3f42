// The specification of verdicts: rules R1 to R10 of docs/run-result.md as rows. Read a row as "given these facts, a
// judge says this".

#include "jail/judge.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <ostream>

namespace bailiff {
namespace {

/// Round numbers, so that "one more" is easy to see.
Limits limits() {
  Limits limits;
  limits.cpu_time = 1s;
  limits.wall_time = 3s;
  limits.memory = 64_MiB;
  limits.output = Bytes{1000};
  return limits;
}

constexpr int exited(int code) { return code << 8; }  // wait(2)
constexpr int killed(int signal) { return signal; }

StepFailure failed_at(Step step, int error, int detail = 0) { return {step, error, detail}; }

struct Row {
  const char* name;
  Outcome run;
  Judgement expected;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

const Judgement kOk = {.status = Verdict::kOk};
// R1: the machine ran out of memory, or a group above: nobody's program is to blame.
const Judgement kHostOom = {.status = Verdict::kInternalError, .reason = "host", .killed_by = "kernel_oom"};
const Judgement kHostOomLate = {
    .status = Verdict::kInternalError, .reason = "host", .killed_by = "kernel_oom", .limits_exceeded = {"wall_time"}};
const Judgement kExit = {.status = Verdict::kRuntimeError, .reason = "exit"};
const Judgement kSignal = {.status = Verdict::kRuntimeError, .reason = "signal"};

Judgement exec_failed(const char* detail) {
  return {.status = Verdict::kRuntimeError, .reason = "exec_failed", .reason_detail = detail};
}
Judgement setup_failed(const char* detail) {
  return {.status = Verdict::kInternalError, .reason = "setup", .reason_detail = detail};
}
Judgement over(Verdict status, const char* reason, const char* limit, const char* killed_by = "none") {
  return {.status = status, .reason = reason, .killed_by = killed_by, .limits_exceeded = {limit}};
}

// clang-format off
const Row kRows[] = {
    // ---- it ended by itself, inside its limits --------------------------------------------------------------
    {"CleanExit",                    {.status = exited(0), .cpu_time = 10ms, .wall_time = 11ms, .peak_memory = 1_MiB}, kOk},
    {"ExitCodeOne",                  {.status = exited(1)},                                      kExit},
    {"ExitCode127IsNoExecFailure",   {.status = exited(127)},                                    kExit},
    {"ExitCode137IsNoKill",          {.status = exited(128 + SIGKILL)},                          kExit},
    {"ExitCode255",                  {.status = exited(255)},                                    kExit},
    {"SegmentationFault",            {.status = killed(SIGSEGV)},                                kSignal},
    {"SegmentationFaultWithCore",    {.status = killed(SIGSEGV) | 0x80},                         kSignal},
    {"Abort",                        {.status = killed(SIGABRT)},                                kSignal},

    // ---- exactly at a limit is inside it: R5, compared in ns and bytes ----------------------------------------
    {"CpuAtTheLimit",                {.cpu_time = 1s},                                           kOk},
    {"CpuOneNanosecondOver",         {.cpu_time = 1s + 1ns},                                     over(Verdict::kTimeLimit, "cpu", "cpu_time")},
    {"CpuOverThoughExitedClean",     {.status = exited(0), .cpu_time = 1001ms},                  over(Verdict::kTimeLimit, "cpu", "cpu_time")},
    {"WallAtTheLimit",               {.wall_time = 3s},                                          kOk},
    {"WallOneNanosecondOver",        {.wall_time = 3s + 1ns},                                    over(Verdict::kTimeLimit, "wall", "wall_time")},
    {"MemoryAtTheLimit",             {.peak_memory = 64_MiB},                                    kOk},
    {"MemoryOneByteOver",            {.peak_memory = Bytes{(64ULL << 20) + 1}},                  over(Verdict::kMemoryLimit, "peak", "memory")},
    {"StdoutAtTheCeiling",           {.stdout_bytes = 1000},                                     kOk},
    {"StdoutOneByteOver",            {.stdout_bytes = 1001},                                     over(Verdict::kOutputLimit, "stdout", "output")},
    {"StderrAtTheCeiling",           {.stderr_bytes = 1000},                                     kOk},
    {"StderrOneByteOver",            {.stderr_bytes = 1001},                                     over(Verdict::kOutputLimit, "stderr", "output")},
    {"BothStreamsAtTheCeiling",      {.stdout_bytes = 1000, .stderr_bytes = 1000},               kOk},
    {"TruncatedWithExitZero",        {.status = exited(0), .stdout_bytes = 5000},                over(Verdict::kOutputLimit, "stdout", "output")},  // R10

    // ---- R1: IE only from what we saw fail ------------------------------------------------------------------
    {"KeeperLost",                   {.keeper_lost = true},                                      {.status = Verdict::kInternalError, .reason = "lost_child"}},
    {"KeeperLostWhileStopping",      {.keeper_lost = true, .stops = {Stop::kWallTime}},          {.status = Verdict::kInternalError, .reason = "lost_child"}},
    {"KeeperLostBeforeExec",         {.failure = failed_at(Step::kExec, ENOENT), .keeper_lost = true}, {.status = Verdict::kInternalError, .reason = "lost_child"}},
    {"CloneRefused",                 {.failure = failed_at(Step::kClone, EAGAIN)},               setup_failed("clone: Resource temporarily unavailable")},
    {"CgroupRefused",                {.failure = failed_at(Step::kCgroup, EBUSY)},               setup_failed("cgroup.procs: Device or resource busy")},
    {"RlimitRefused",                {.failure = failed_at(Step::kRlimit, EPERM, 7)},            setup_failed("rlimit 7: Operation not permitted")},
    {"UidRefused",                   {.failure = failed_at(Step::kUid, EPERM)},                  setup_failed("uid: Operation not permitted")},
    {"FilterRefused",                {.failure = failed_at(Step::kSeccomp, EINVAL)},             setup_failed("seccomp: Invalid argument")},
    {"ExecFailedForAReasonOfTheHost", {.failure = failed_at(Step::kExec, EIO)},                  setup_failed("exec: Input/output error")},

    // ---- R2: exec never happened ----------------------------------------------------------------------------
    {"ExecNotFound",                 {.failure = failed_at(Step::kExec, ENOENT)},                exec_failed("not_found")},
    {"ExecBelowAFile",               {.failure = failed_at(Step::kExec, ENOTDIR)},               exec_failed("not_found")},
    {"ExecNotPermitted",             {.failure = failed_at(Step::kExec, EACCES)},                exec_failed("permission")},
    {"ExecOfALoopOfLinks",           {.failure = failed_at(Step::kExec, ELOOP)},                 exec_failed("permission")},
    {"ExecBadFormat",                {.failure = failed_at(Step::kExec, ENOEXEC)},               exec_failed("bad_format")},
    {"ExecBadInterpreter",           {.failure = failed_at(Step::kExec, ELIBBAD)},               exec_failed("bad_format")},
    {"ExecImageDoesNotFit",          {.failure = failed_at(Step::kExec, ENOMEM)},                over(Verdict::kMemoryLimit, "static_image", "memory")},
    {"ImageTooLargeToLoad",          {.status = killed(SIGSEGV), .image_too_large = true},       over(Verdict::kMemoryLimit, "static_image", "memory")},
    {"ImageTooLargeAndYetItRan",     {.status = exited(0), .image_too_large = true},             {.status = Verdict::kOk, .reason = ""}},

    // ---- R3: we ended it, and the first thing enforced is the verdict -----------------------------------------
    {"StoppedForCpu",                {.status = killed(SIGKILL), .stops = {Stop::kCpuTime}, .cpu_time = 1003ms},
                                     over(Verdict::kTimeLimit, "cpu", "cpu_time", "supervisor")},
    {"StoppedForCpuThoughTheFinalFigureIsBelow", {.status = killed(SIGKILL), .stops = {Stop::kCpuTime}, .cpu_time = 999ms},
                                     over(Verdict::kTimeLimit, "cpu", "cpu_time", "supervisor")},
    {"SleeperIsWallNotCpu",          {.status = killed(SIGKILL), .stops = {Stop::kWallTime}, .cpu_time = 3ms, .wall_time = 3001ms},
                                     over(Verdict::kTimeLimit, "wall", "wall_time", "supervisor")},
    {"StoppedForMemory",             {.status = killed(SIGKILL), .stops = {Stop::kMemory}, .peak_memory = 70_MiB},
                                     over(Verdict::kMemoryLimit, "peak", "memory", "supervisor")},
    {"StoppedForStdout",             {.status = killed(SIGKILL), .stops = {Stop::kStdout}, .stdout_bytes = 66000},
                                     over(Verdict::kOutputLimit, "stdout", "output", "supervisor")},
    {"StoppedForStderr",             {.status = killed(SIGKILL), .stops = {Stop::kStderr}, .stderr_bytes = 66000},
                                     over(Verdict::kOutputLimit, "stderr", "output", "supervisor")},
    {"WallFirstAndCpuOverWhenCounted", {.status = killed(SIGKILL), .stops = {Stop::kWallTime}, .cpu_time = 1001ms, .wall_time = 3001ms},
                                     {.status = Verdict::kTimeLimit, .reason = "wall", .killed_by = "supervisor",
                                      .limits_exceeded = {"cpu_time", "wall_time"}}},
    {"OutputFirstAndMemoryOverWhenCounted", {.status = killed(SIGKILL), .stops = {Stop::kStdout}, .peak_memory = 65_MiB, .stdout_bytes = 66000},
                                     {.status = Verdict::kOutputLimit, .reason = "stdout", .killed_by = "supervisor",
                                      .limits_exceeded = {"memory", "output"}}},
    {"StoppedForAViolation",         {.status = killed(SIGKILL), .stops = {Stop::kViolation}},
     {.status = Verdict::kViolation, .reason = "seccomp", .killed_by = "supervisor"}},
    {"ViolationBeforeTheWallLimit",  {.status = killed(SIGKILL), .stops = {Stop::kViolation, Stop::kWallTime}, .wall_time = 3001ms},
     {.status = Verdict::kViolation, .reason = "seccomp", .killed_by = "supervisor", .limits_exceeded = {"wall_time"}}},
    {"WallLimitBeforeTheViolation",  {.status = killed(SIGKILL), .stops = {Stop::kWallTime, Stop::kViolation}, .wall_time = 3001ms},
     {.status = Verdict::kTimeLimit, .reason = "wall", .killed_by = "supervisor", .limits_exceeded = {"wall_time"}}},
    {"OomBesideAViolation",          {.status = killed(SIGKILL), .stops = {Stop::kViolation}, .ooms = 1, .oom_kills = 1},
     {.status = Verdict::kMemoryLimit, .reason = "oom_kill", .killed_by = "kernel_oom", .limits_exceeded = {"memory"}}},
    {"ExitedBeforeItsChildsViolationWasSeen", {.status = exited(0), .stops = {Stop::kViolation}},
     {.status = Verdict::kViolation, .reason = "seccomp"}},
    {"ExitedOverTheLimitWithAViolation", {.status = exited(0), .stops = {Stop::kViolation}, .cpu_time = 1001ms},
     {.status = Verdict::kTimeLimit, .reason = "cpu", .limits_exceeded = {"cpu_time"}}},
    {"Cancelled",                    {.status = killed(SIGKILL), .stops = {Stop::kCancelled}},
                                     {.status = Verdict::kCancelled, .reason = "caller", .killed_by = "caller"}},
    // The OOM killer's count tells that it was there, and it kills faster than we look.
    {"OomWhileWeStoppedForWall",     {.status = killed(SIGKILL), .stops = {Stop::kWallTime}, .wall_time = 3001ms, .ooms = 1, .oom_kills = 1},
                                     {.status = Verdict::kMemoryLimit, .reason = "oom_kill", .killed_by = "kernel_oom",
                                      .limits_exceeded = {"memory", "wall_time"}}},
    {"OomWhileWeStoppedForCpu",      {.status = killed(SIGKILL), .stops = {Stop::kCpuTime}, .cpu_time = 1001ms, .ooms = 1, .oom_kills = 3},
                                     {.status = Verdict::kMemoryLimit, .reason = "oom_kill", .killed_by = "kernel_oom",
                                      .limits_exceeded = {"memory", "cpu_time"}}},
    {"OomWhileWeStoppedForMemory",   {.status = killed(SIGKILL), .stops = {Stop::kMemory}, .peak_memory = 65_MiB, .ooms = 1, .oom_kills = 1},
                                     over(Verdict::kMemoryLimit, "peak", "memory", "supervisor")},
    // Our kill came too late: it had ended by itself, so R5 judges it by what was counted.
    {"ExitedJustBeforeOurKill",      {.status = exited(0), .stops = {Stop::kWallTime}, .wall_time = 2999ms}, kOk},
    {"FailedJustBeforeOurKill",      {.status = exited(3), .stops = {Stop::kCpuTime}, .cpu_time = 999ms}, kExit},
    {"CrashedJustBeforeOurKill",     {.status = killed(SIGSEGV), .stops = {Stop::kCpuTime}, .cpu_time = 1001ms},
                                     over(Verdict::kTimeLimit, "cpu", "cpu_time")},
    {"ExitedBeforeOurKillOverTheLimit", {.status = exited(0), .stops = {Stop::kWallTime}, .wall_time = 3001ms},
                                     over(Verdict::kTimeLimit, "wall", "wall_time")},

    // ---- R4: two found in one look; stops are in its order ------------------------------------------------------
    {"CpuAndWallTogether",           {.status = killed(SIGKILL), .stops = {Stop::kCpuTime, Stop::kWallTime}, .cpu_time = 1001ms, .wall_time = 3001ms},
                                     {.status = Verdict::kTimeLimit, .reason = "cpu", .killed_by = "supervisor",
                                      .limits_exceeded = {"cpu_time", "wall_time"}}},
    {"WallAndOutputTogether",        {.status = killed(SIGKILL), .stops = {Stop::kWallTime, Stop::kStdout}, .wall_time = 3001ms, .stdout_bytes = 1001},
                                     {.status = Verdict::kTimeLimit, .reason = "wall", .killed_by = "supervisor",
                                      .limits_exceeded = {"wall_time", "output"}}},
    {"BothStreamsTogether",          {.status = killed(SIGKILL), .stops = {Stop::kStdout, Stop::kStderr}, .stdout_bytes = 1001, .stderr_bytes = 1001},
                                     over(Verdict::kOutputLimit, "stdout", "output", "supervisor")},
    {"MemoryAndCpuTogether",         {.status = killed(SIGKILL), .stops = {Stop::kMemory, Stop::kCpuTime}, .cpu_time = 1001ms, .peak_memory = 65_MiB},
                                     {.status = Verdict::kMemoryLimit, .reason = "peak", .killed_by = "supervisor",
                                      .limits_exceeded = {"memory", "cpu_time"}}},

    // ---- R5: it ended by itself; what comes first in the rule ---------------------------------------------------
    {"OomKilledMain",                {.status = killed(SIGKILL), .ooms = 1, .oom_kills = 1},                over(Verdict::kMemoryLimit, "oom_kill", "memory", "kernel_oom")},
    {"OomKilledAChildAndMainExitedOne", {.status = exited(1), .ooms = 1, .oom_kills = 1},                   over(Verdict::kMemoryLimit, "oom_kill", "memory", "kernel_oom")},
    {"OomKilledAChildAndMainExitedZero", {.status = exited(0), .ooms = 1, .oom_kills = 1},                  over(Verdict::kMemoryLimit, "oom_kill", "memory", "kernel_oom")},
    {"RefusedForksAreNoVerdict",     {.status = exited(0), .refused_forks = 3},                  {.status = Verdict::kOk, .limits_exceeded = {"processes"}}},
    {"RefusedForksStandBesideOne",   {.status = exited(1), .refused_forks = 1},                  {.status = Verdict::kRuntimeError, .reason = "exit", .limits_exceeded = {"processes"}}},
    {"OomBeforeCpu",                 {.status = killed(SIGKILL), .cpu_time = 2s, .ooms = 1, .oom_kills = 1},
                                     {.status = Verdict::kMemoryLimit, .reason = "oom_kill", .killed_by = "kernel_oom",
                                      .limits_exceeded = {"memory", "cpu_time"}}},
    {"CpuBeforeWall",                {.cpu_time = 2s, .wall_time = 4s},
                                     {.status = Verdict::kTimeLimit, .reason = "cpu", .limits_exceeded = {"cpu_time", "wall_time"}}},
    {"CpuBeforePeakMemory",          {.cpu_time = 2s, .peak_memory = 65_MiB},
                                     {.status = Verdict::kTimeLimit, .reason = "cpu", .limits_exceeded = {"memory", "cpu_time"}}},
    {"WallBeforePeakMemory",         {.wall_time = 4s, .peak_memory = 65_MiB},
                                     {.status = Verdict::kTimeLimit, .reason = "wall", .limits_exceeded = {"memory", "wall_time"}}},
    {"PeakMemoryBeforeOutput",       {.peak_memory = 65_MiB, .stdout_bytes = 1001},
                                     {.status = Verdict::kMemoryLimit, .reason = "peak", .limits_exceeded = {"memory", "output"}}},
    {"PeakMemoryBeforeSignal",       {.status = killed(SIGSEGV), .peak_memory = 65_MiB},         over(Verdict::kMemoryLimit, "peak", "memory")},
    {"StdoutBeforeStderr",           {.stdout_bytes = 1001, .stderr_bytes = 1001},               over(Verdict::kOutputLimit, "stdout", "output")},
    {"OutputBeforeSignal",           {.status = killed(SIGSEGV), .stdout_bytes = 1001},          over(Verdict::kOutputLimit, "stdout", "output")},
    {"OutputBeforeExit",             {.status = exited(1), .stderr_bytes = 1001},                over(Verdict::kOutputLimit, "stderr", "output")},
    {"OutputBeforeFileSize",         {.status = killed(SIGXFSZ), .stdout_bytes = 1001, .file_at_ceiling = true},
                                     {.status = Verdict::kOutputLimit, .reason = "stdout", .limits_exceeded = {"output", "file_size"}}},

    // ---- R6: a signal proves a limit only beside the counter -----------------------------------------------------
    {"RaisedSigxcpu",                {.status = killed(SIGXCPU), .cpu_time = 10ms},              kSignal},
    {"SigxcpuOfTheBackstop",         {.status = killed(SIGXCPU), .cpu_time = 1900ms},            over(Verdict::kTimeLimit, "cpu", "cpu_time", "kernel_rlimit")},
    {"SigkillOfTheBackstop",         {.status = killed(SIGKILL), .cpu_time = 2900ms},            over(Verdict::kTimeLimit, "cpu", "cpu_time", "kernel_rlimit")},
    {"RaisedSigxfsz",                {.status = killed(SIGXFSZ)},                                kSignal},
    {"SigxfszBesideAFullFile",       {.status = killed(SIGXFSZ), .file_at_ceiling = true},       over(Verdict::kOutputLimit, "file_size", "file_size", "kernel_rlimit")},
    {"FullFileAndExitZero",          {.status = exited(0), .file_at_ceiling = true},             kOk},
    {"FullFileAndExitOne",           {.status = exited(1), .file_at_ceiling = true},             over(Verdict::kOutputLimit, "file_size", "file_size", "none")},
    {"OomOfTheHost",                 {.status = killed(SIGKILL), .oom_kills = 1},                kHostOom},
    {"OomOfTheHostBesideAStop",      {.status = killed(SIGKILL), .stops = {Stop::kWallTime}, .wall_time = 3001ms, .oom_kills = 1}, kHostOomLate},
    {"RaisedSigsys",                 {.status = killed(SIGSYS)},                                 kSignal},
    {"RaisedSigusr1",                {.status = killed(SIGUSR1)},                                kSignal},
    {"RaisedSigkill",                {.status = killed(SIGKILL)},                                {.status = Verdict::kRuntimeError, .reason = "signal", .killed_by = "unknown"}},

    // ---- the disk: a full one explains a failure and is none by itself -------------------------------------------
    {"DiskFullAndFailed",            {.status = exited(1), .disk_full = true},                   over(Verdict::kOutputLimit, "disk", "disk_bytes")},
    {"DiskFullAndCrashed",           {.status = killed(SIGABRT), .disk_full = true},             over(Verdict::kOutputLimit, "disk", "disk_bytes")},
    {"DiskFullAndContent",           {.status = exited(0), .disk_full = true},                   kOk},
    {"InodesFullAndFailed",          {.status = exited(1), .inodes_full = true},                 over(Verdict::kOutputLimit, "inodes", "disk_inodes")},
    {"InodesFullAndContent",         {.status = exited(0), .inodes_full = true},                 kOk},
    {"DiskAndInodesFull",            {.status = exited(1), .disk_full = true, .inodes_full = true},
                                     {.status = Verdict::kOutputLimit, .reason = "disk", .limits_exceeded = {"disk_bytes", "disk_inodes"}}},

    // ---- FE takes the place of OK only -----------------------------------------------------------------------------
    {"FileMissing",                  {.status = exited(0), .files_missing = true, .file_reason = "copy_out_missing"},
                                     {.status = Verdict::kFileError, .reason = "copy_out_missing"}},
    {"FileNotRegular",               {.status = exited(0), .files_missing = true, .file_reason = "copy_out_not_regular"},
                                     {.status = Verdict::kFileError, .reason = "copy_out_not_regular"}},
    {"FileMissingAfterAFailure",     {.status = exited(1), .files_missing = true, .file_reason = "copy_out_missing"}, kExit},
    {"FileMissingAfterACrash",       {.status = killed(SIGSEGV), .files_missing = true, .file_reason = "copy_out_missing"}, kSignal},
    {"FileMissingAfterTooMuchCpu",   {.status = exited(0), .cpu_time = 2s, .files_missing = true, .file_reason = "copy_out_missing"},
                                     over(Verdict::kTimeLimit, "cpu", "cpu_time")},
};
// clang-format on

class Judge : public testing::TestWithParam<Row> {};

TEST_P(Judge, Says) {
  const Judgement got = judge(GetParam().run, limits());
  const Judgement& expected = GetParam().expected;
  EXPECT_EQ(verdict_name(got.status), verdict_name(expected.status));
  EXPECT_EQ(got.reason, expected.reason);
  EXPECT_EQ(got.reason_detail, expected.reason_detail);
  EXPECT_EQ(got.killed_by, expected.killed_by);
  EXPECT_EQ(got.limits_exceeded, expected.limits_exceeded);
  EXPECT_EQ(got.reason.empty(), got.status == Verdict::kOk) << "a reason exactly when it is not OK";
}

INSTANTIATE_TEST_SUITE_P(, Judge, testing::ValuesIn(kRows), [](const auto& row) { return row.param.name; });

TEST(JudgeUnlimited, NeverExceeds) {
  Limits none = limits();
  none.cpu_time = std::nullopt;
  none.memory = std::nullopt;
  const Judgement got = judge({.cpu_time = 1000h, .peak_memory = 1000_GiB}, none);
  EXPECT_EQ(got.status, Verdict::kOk);
  EXPECT_TRUE(got.limits_exceeded.empty());
}

TEST(JudgeSteps, EveryStepThatIsOursIsAnInternalErrorWithItsName) {
  for (int step = static_cast<int>(Step::kClone); step < static_cast<int>(Step::kExec); ++step) {
    const Judgement got = judge({.failure = failed_at(static_cast<Step>(step), EPERM)}, limits());
    EXPECT_EQ(got.status, Verdict::kInternalError) << step;
    EXPECT_EQ(got.reason, "setup") << step;
    EXPECT_GT(got.reason_detail.find(": Operation not permitted"), 0U) << step << ": " << got.reason_detail;
  }
}

}  // namespace
}  // namespace bailiff
