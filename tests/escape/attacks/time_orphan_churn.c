/* attack: time_orphan_churn
 * tries: three processes make orphans as fast as they can: pid 1 has to reap them all
 * must: a time limit ends it all the same, promptly
 * why: a keeper that reaps until nothing is left to reap never hears the order to kill
 * layer: keeper kill
 * without: wall
 * bounds: processes=60 bytes=1048576 seconds=18
 * spec: {"limits":{"processes":60,"cpu_time_ms":null,"wall_time_ms":2000}}
 * expect: {"status":"TLE","reason":"wall","wall_time":{"ns":{"at_most":8000000000}}}
 */
#include "attack.h"
int main(void) {
  bound_seconds(18);
  fork();
  if (fork() == 0) fork();
  while (within_bounds()) {
    pid_t pid = vfork();
    if (pid == 0) {
      for (int i = 0; i < 3; ++i) {
        if (syscall(SYS_fork) == 0) _exit(0);
      }
      _exit(0);
    }
    if (pid > 0) waitpid(pid, NULL, 0);
  }
}
