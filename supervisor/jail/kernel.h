#pragma once

#include <string>
#include <string_view>

#include "base/units.h"

namespace bailiff {

/// The kernel below us, as far as it decides how fine its figures are. Measured, not believed: gVisor's
/// clock_getres says 1 ns for a CPU clock that it advances in ticks of 10 ms
/// (gVisor pkg/sentry/kernel/task_sched.go, linux.ClockTick).
struct Kernel {
  std::string runtime = "native";   // "runsc" when the kernel is gVisor's
  Nanos cpu_resolution = 1us;       // of wait4's figures; struct timeval has no finer unit
  Bytes rss_resolution = 4_KiB;     // of ru_maxrss; gVisor counts 2 MiB areas once they are touched
  unsigned nproc_slack = 0;         // how many more processes RLIMIT_NPROC lets live than it says; gVisor: 1
  bool nproc_per_namespace = true;  // RLIMIT_NPROC counts in each user namespace by itself (Linux 5.14)

  bool hears_violations = true;  // a filter can have a listener (seccomp user notification, Linux 5.0)
  int landlock = 0;              // version of the Landlock ABI (landlock(7), Linux 5.13); 0: none

  [[nodiscard]] bool gvisor() const { return runtime == "runsc"; }

  static Kernel probe();
};

/// `used` is this process's CPU clock when it has used some 100 µs: where that is a whole number of gVisor's ticks, zero
/// included, the clock ticks. So may a coarse one of Linux, or a fine one by chance; then what bailiff does without under
/// gVisor would be missing in silence. So the kernel also has to lack what gVisor lacks, seccomp's listeners, or to have
/// the release gVisor gives itself (pkg/sentry/kernel/version.go), which no kernel with what a box needs has.
bool looks_like_gvisor(Nanos used, bool knows_listeners, std::string_view release);

}  // namespace bailiff
