#include "jail/kernel.h"

#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace bailiff {

namespace {

/// Asked without a filter, the kernel that knows the flag looks for one at our null pointer.
bool knows_listeners() {
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, nullptr) < 0 &&
         errno == EFAULT;
}

/// A container's filter may refuse what the kernel has: then there is none either.
int landlock_version() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return static_cast<int>(std::max(version, 0L));
}

bool at_least(const char* release, int major, int minor) {
  int have[2] = {};
  const char* at = release;
  for (int& part : have) {
    at = std::from_chars(at, release + std::strlen(release), part).ptr;
    if (*at == '.') ++at;
  }
  return have[0] != major ? have[0] > major : have[1] >= minor;
}

constexpr Nanos kTick = 10ms;  // gVisor pkg/sentry/kernel/task_sched.go, linux.ClockTick

}  // namespace

bool looks_like_gvisor(Nanos used, bool knows_listeners, std::string_view release) {
  return used % kTick == Nanos{0} && (!knows_listeners || release == "4.4.0");
}

Kernel Kernel::probe() {
  timespec used = {};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  utsname names = {};
  ::uname(&names);
  Kernel kernel;
  kernel.hears_violations = knows_listeners();
  kernel.nproc_per_namespace = at_least(names.release, 5, 14);
  kernel.landlock = landlock_version();
  if (!looks_like_gvisor(std::chrono::nanoseconds(used.tv_nsec), kernel.hears_violations, names.release)) return kernel;
  kernel.nproc_per_namespace = false;
  kernel.runtime = "runsc";
  kernel.cpu_resolution = kTick;
  kernel.rss_resolution = 2_MiB;
  kernel.nproc_slack = 1;
  return kernel;
}

}  // namespace bailiff
