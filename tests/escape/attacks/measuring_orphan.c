/* attack: measuring_orphan
 * tries: an orphan, forked twice, uses 300 ms and ends before the program does
 * must: all of it is in the result
 * why: wait4 of the program does not have it
 * layer: measuring
 * without: tree
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
  int done[2];
  char byte;
  pipe(done);
  if (fork() == 0) {
    if (fork() != 0) _exit(0);
    setsid();
    use(0.3);
    write(done[1], "x", 1);
    _exit(0);
  }
  wait(NULL);
  read(done[0], &byte, 1);
}
