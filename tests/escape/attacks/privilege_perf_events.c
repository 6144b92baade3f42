/* attack: privilege_perf_events
 * tries: opens performance counters of itself and of the machine
 * must: refused
 * why: S34: they measure the neighbours
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <linux/perf_event.h>
int main(void) {
  struct perf_event_attr attr = {0};
  attr.size = sizeof attr;
  attr.exclude_kernel = 1;
  MUST_FAIL(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
  MUST_FAIL(syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0));
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_TASK_CLOCK;
  MUST_FAIL(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
  return verdict();
}
