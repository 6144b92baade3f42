/* attack: time_timer_flood
 * tries: an interval timer of one microsecond whose handler is all the program does
 * must: TLE
 * why: signals can keep a process from ever being seen running
 * layer: cpu timer
 * without: cpu wall
 * bounds: processes=1 bytes=65536 seconds=12
 * spec: {"limits":{"cpu_time_ms":500,"wall_time_ms":6000}}
 * expect: {"status":"TLE"}
 */
#include "attack.h"
static void tick(int signal) {}
int main(void) {
  struct itimerval fast = {{0, 1}, {0, 1}};
  signal(SIGALRM, tick);
  bound_seconds(12);
  setitimer(ITIMER_REAL, &fast, NULL);
  while (within_bounds()) pause();
}
