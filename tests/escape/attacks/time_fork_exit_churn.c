/* attack: time_fork_exit_churn
 * tries: burns CPU in children that each live for less than a clock tick
 * must: TLE cpu
 * why: time sampled at ticks or read from living processes alone misses them
 * layer: cpu timer over the cgroup
 * without: tree cpu
 * bounds: processes=2 bytes=1048576 seconds=10
 * spec: {"limits":{"cpu_time_ms":700}}
 * expect: {"status":"TLE","reason":"cpu"}
 */
#include "attack.h"
int main(void) {
  bound_seconds(10);
  while (within_bounds()) {
    pid_t pid = fork();
    if (pid == 0) {
      for (volatile int i = 0; i < 300000; ++i) {}
      _exit(0);
    }
    if (pid > 0) waitpid(pid, NULL, 0);
  }
}
