#pragma once

#include <string>

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

}  // namespace bailiff
