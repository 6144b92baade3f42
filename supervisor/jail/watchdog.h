#pragma once

#include <algorithm>
#include <optional>

#include "base/units.h"

namespace bailiff {

/// When to look next, so that no limit is passed unseen for long and nobody is woken for nothing. Pure.
///
/// A run on `cores` CPUs cannot use up what CPU time it has left before left/cores has passed; and memory
/// cannot be filled faster than some 4 GB/s per core (measured: memset of fresh pages stays below 3). The
/// floors keep a run that sits right below its limit from being looked at without pause.
struct Watchdog {
  int cores = 1;

  static constexpr Nanos kCpuFloor = 200us;
  static constexpr Nanos kMemoryFloor = 1ms;
  static constexpr std::uint64_t kFillBytesPerSecond = 4'000'000'000;

  [[nodiscard]] Nanos until_cpu_look(Nanos limit, Nanos used) const {
    return std::max(kCpuFloor, (limit - used) / cores);
  }
  [[nodiscard]] Nanos until_memory_look(Bytes limit, Bytes used) const {
    const std::uint64_t left = limit > used ? limit.count - used.count : 0;
    const double seconds = static_cast<double>(left) / (static_cast<double>(kFillBytesPerSecond) * cores);
    return std::max(kMemoryFloor, std::chrono::duration_cast<Nanos>(
                                      std::chrono::duration<double>(std::min(seconds, 3600.0))));
  }
};

}  // namespace bailiff
