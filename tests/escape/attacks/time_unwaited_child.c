/* attack: time_unwaited_child
 * tries: ignores SIGCHLD, so that the kernel reaps its burning children unseen; each burns less than the limit
 * must: TLE cpu
 * why: an ignored SIGCHLD leaves nobody with their usage
 * layer: cpu timer over the cgroup
 * without: tree
 * bounds: processes=2 bytes=1048576 seconds=10
 * spec: {"limits":{"cpu_time_ms":1000}}
 * expect: {"status":"TLE","reason":"cpu"}
 */
#include "attack.h"
int main(void) {
  signal(SIGCHLD, SIG_IGN);
  for (int i = 0; i < 30; ++i) {
    if (fork() == 0) {
      bound_seconds(0.2);
      burn();
      _exit(0);
    }
    wait(NULL);
  }
}
