/* attack: time_set_clock
 * tries: sets the clocks that runs are measured by
 * must: each is refused
 * why: Gaming a clock beats any limit
 * layer: seccomp, no capabilities
 * without: seccomp caps
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/timex.h>
int main(void) {
  struct timeval now = {1000000000, 0};
  struct timespec then = {1000000000, 0};
  struct timex adjust = {0};
  adjust.modes = ADJ_TICK;
  adjust.tick = 10001;
  MUST_FAIL(settimeofday(&now, NULL));
  MUST_FAIL(clock_settime(CLOCK_REALTIME, &then));
  MUST_FAIL(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &adjust));
  MUST_FAIL(adjtimex(&adjust));
  return verdict();
}
