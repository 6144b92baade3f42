#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/blob.h"
#include "base/units.h"
#include "spec/verdict.h"

namespace bailiff {

/// CPU time as one clock saw it.
struct CpuFigure {
  Nanos total{};
  std::optional<Nanos> user = std::nullopt;
  std::optional<Nanos> system = std::nullopt;
  std::string source = "none";  // "cgroup" | "wait4"; "none": nothing was measured
  Nanos resolution{};
  std::string includes = {};  // what the figure covers, in words
};

/// The CPU time of the whole run: the best clock first, what the others said beside it.
struct CpuTime {
  CpuFigure best = {};
  bool complete = true;  // false: a process was reaped by someone else and no cgroup counted it
  std::vector<CpuFigure> others = {};
};

struct WallTime {
  Nanos total{};
  std::string source = "monotonic";
  Nanos resolution = 1ns;
};

struct MemoryFigure {
  Bytes peak = {};
  std::string source = "none";  // "cgroup" | "rusage" | "sampling"; "none": nothing was measured
  Bytes resolution = {};
  std::string includes = {};
};

struct PeakMemory {
  MemoryFigure best = {};
  std::vector<MemoryFigure> others = {};
};

/// memory.stat at the end of the run; only a cgroup knows it.
struct MemoryBreakdown {
  Bytes anon = {}, file = {}, shmem = {}, kernel = {};
};

/// One process the keeper reaped, the descendants it waited for itself included (wait4(2) semantics).
struct ProcessRow {
  int pid = 0;  // inside the box
  Nanos cpu{};
  Bytes max_rss = {};
  std::optional<int> exit_code = std::nullopt;
  std::optional<int> signal = std::nullopt;
};

/// SHA-256 of no bytes.
inline constexpr const char* kSha256OfNothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// One output stream: what was kept, and the truth about all of it.
struct Stream {
  Blob kept = {};
  std::uint64_t early = 0;  // what was kept before those and has gone ahead (docs/protocol.md, "Output before its reply")
  std::uint64_t bytes = 0;  // everything the program wrote that was read, kept or not
  bool truncated = false;
  std::string sha256 = kSha256OfNothing;  // of those `bytes`, lower-case hex
};

/// A collected file, or why it could not be: missing | not_regular | too_big.
struct OutputFile {
  Blob bytes = {};
  std::string error = {};
};

/// A system call the filter refused and recorded.
struct Violation {
  std::string name = {};
  int nr = 0;
  std::string arch = {};
  std::array<std::uint64_t, 6> args = {};
  int tid = 0;
};

/// Where bailiff's own time went.
struct Overhead {
  Nanos prepare{}, spawn{}, run{}, collect{}, cleanup{};
};

struct Sandbox {
  std::string runtime = "native";  // native | runc | runsc
  std::vector<std::string> namespaces = {};
  std::string seccomp = "none";  // profile@sha256:…; "none": no filter was loaded
};

/// What happened, as data. Its JSON form is docs/run-result.md.
struct RunResult {
  Verdict status = Verdict::kInternalError;
  std::string reason = {};         // empty exactly for OK
  std::string reason_detail = {};  // empty: none
  std::optional<int> exit_code = std::nullopt;
  std::optional<int> signal = std::nullopt;
  std::string killed_by = "none";  // none | supervisor | kernel_oom | kernel_rlimit | caller | unknown
  std::vector<std::string> limits_exceeded = {};
  std::optional<Violation> violation = std::nullopt;
  CpuTime cpu_time = {};
  WallTime wall_time = {};
  PeakMemory peak_memory = {};
  std::optional<MemoryBreakdown> memory_breakdown = std::nullopt;
  std::vector<ProcessRow> processes = {};  // at most 64, most CPU first
  std::uint64_t processes_omitted = 0;
  Stream stdout_stream = {};
  Stream stderr_stream = {};
  std::map<std::string, OutputFile> files = {};
  std::uint64_t residue_processes_killed = 0;
  std::map<std::string, std::string> enforced = {};  // limit or layer -> mechanism; "none": accepted as missing
  Overhead overhead = {};
  Sandbox sandbox = {};
};

}  // namespace bailiff
