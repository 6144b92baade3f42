#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "jail/board.h"

namespace bailiff {

/// A ceiling the supervisor itself ended the run for. The order is R4's: what wins when two are found
/// together.
enum class Stop { kMemory, kCpuTime, kWallTime, kStdout, kStderr, kViolation, kCancelled };

/// What happened, as facts the program cannot forge: counters, the keeper's report, and what we did about it.
/// No verdict in here; judge() has that.
struct Outcome {
  std::optional<StepFailure> failure = std::nullopt;  // the program was never started
  bool keeper_lost = false;      // the keeper died or fell silent: nothing below is known
  int status = 0;                // wait status of the exec'd process
  bool image_too_large = false;  // its segments alone are over limits.address_space: the kernel cannot have loaded it
  std::vector<Stop> stops = {};  // in the order they were found; the first ended the run
  Nanos cpu_time{};
  Nanos wall_time{};
  Bytes peak_memory = {};
  std::uint64_t ooms = 0;           // memory.events: its own limit was hit
  std::uint64_t oom_kills = 0;      // memory.events of the run's cgroup
  std::uint64_t refused_forks = 0;  // pids.events of the run's cgroup; 0 without one
  std::uint64_t stdout_bytes = 0;
  std::uint64_t stderr_bytes = 0;
  bool file_at_ceiling = false;  // a regular file in the box is as large as limits.file_size allows
  bool disk_full = false;        // not a block of the quota was free at the end
  bool inodes_full = false;
  bool files_missing = false;    // something asked for by `collect` could not be had
  std::string file_reason = {};  // copy_out_missing | copy_out_not_regular | copy_out_too_big
};

}  // namespace bailiff
