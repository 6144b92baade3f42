/* attack: time_orphan_burns
 * tries: an orphan, forked twice and in a session of its own, burns CPU while the program sleeps
 * must: TLE cpu
 * why: wait4 of the program alone never sees it
 * layer: cpu timer over the whole tree
 * without: tree
 * bounds: processes=3 bytes=1048576 seconds=8
 * spec: {"limits":{"cpu_time_ms":500}}
 * expect: {"status":"TLE","reason":"cpu"}
 */
#include "attack.h"
int main(void) {
  bound_seconds(8);
  if (fork() == 0) {
    if (fork() == 0) {
      setsid();
      burn();
      _exit(0);
    }
    _exit(0);
  }
  wait(NULL);
  outstay();
}
