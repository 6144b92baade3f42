#include "jail/kernel.h"

#include <time.h>

namespace bailiff {

Kernel Kernel::probe() {
  // Getting as far as this took some 100 µs of CPU. A clock that says a whole number of ticks, zero included,
  // is one that ticks; a fine one says so by chance once in ten million.
  timespec used = {};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  constexpr long kTick = 10'000'000;
  if (used.tv_nsec % kTick != 0) return {};
  return Kernel{"runsc", std::chrono::nanoseconds(kTick), 2_MiB, /*nproc_slack=*/1};
}

}  // namespace bailiff
