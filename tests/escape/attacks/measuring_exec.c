/* attack: measuring_exec
 * tries: uses 300 ms, then replaces itself by a program that ends at once
 * must: all of it is in the result
 * why: S33: each image would begin at zero
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
  double before = cpu(CLOCK_THREAD_CPUTIME_ID); /* whoever became us may have used some */
  while (cpu(CLOCK_THREAD_CPUTIME_ID) - before < seconds && within_bounds()) {
    for (volatile int i = 0; i < 10000; ++i) {}
  }
}
int main(int argc, char **argv) {
  if (argc > 1) return 0;
  use(0.3);
  execl("/proc/self/exe", "again", "again", NULL);
}
