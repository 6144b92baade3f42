/* attack: measuring_constructor
 * tries: uses its CPU time before main and after it
 * must: all of it is in the result
 * why: a clock that starts late or stops early
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
__attribute__((constructor)) static void before(void) { use(0.15); }
__attribute__((destructor)) static void after(void) { use(0.3); }
int main(void) {}
