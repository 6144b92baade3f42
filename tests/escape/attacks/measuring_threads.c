/* attack: measuring_threads
 * tries: three threads use 100 ms each and end before the program does
 * must: all of it is in the result
 * why: the clock of one thread
 * layer: measuring
 * without: clock
 * breach: evaded
 * bounds: processes=3 bytes=1048576 seconds=8
 * expect: {"status":"OK","cpu_time":{"ns":{"at_least":290000000}}}
 */
#include "attack.h"
#include <pthread.h>
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
static void *work(void *none) {
  use(0.1);
  return none;
}
int main(void) {
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i) pthread_create(&threads[i], NULL, work, NULL);
  for (int i = 0; i < 3; ++i) pthread_join(threads[i], NULL);
}
