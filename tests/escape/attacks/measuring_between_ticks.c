/* attack: measuring_between_ticks
 * tries: uses 300 ms of CPU in slices of a millisecond that begin just after a sleep
 * must: all of it is in the result
 * why: classical: sampled at ticks it was never there (Mareš, Execution timing, Linux and the IOI)
 * layer: measuring
 * breach: evaded
 * bounds: processes=3 bytes=1048576 seconds=8
 * expect: {"status":"OK","cpu_time":{"ns":{"at_least":290000000}}}
 */
#include "attack.h"
static double cpu(clockid_t clock) {
  struct timespec used;
  clock_gettime(clock, &used);
  return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}
static void use(double seconds) {
  bound_seconds(8);
  while (cpu(CLOCK_THREAD_CPUTIME_ID) < seconds && within_bounds()) {
    for (volatile int i = 0; i < 10000; ++i) {}
  }
}
int main(void) {
  for (int slice = 1; slice <= 300; ++slice) {
    usleep(200);
    use(0.001 * slice);
  }
}
