/* attack: measuring_after_output
 * tries: closes its output, then uses 300 ms
 * must: all of it is in the result
 * why: S33: who stops the clock at the end of the output
 * layer: measuring
 * without: clock
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
  double before = cpu(CLOCK_THREAD_CPUTIME_ID); /* whoever became us may have used some */
  while (cpu(CLOCK_THREAD_CPUTIME_ID) - before < seconds && within_bounds()) {
    for (volatile int i = 0; i < 10000; ++i) {}
  }
}
int main(void) {
  puts("done");
  fclose(stdout);
  close(1);
  close(2);
  use(0.3);
}
