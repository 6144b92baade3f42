/* attack: wall_stop_itself
 * tries: sends itself SIGSTOP
 * must: TLE wall
 * why: S18 QDUOJ took the stop for an exit and left the process behind
 * layer: wall
 * without: wall
 * bounds: processes=1 bytes=65536 seconds=10
 * spec: {"limits":{"wall_time_ms":700}}
 * expect: {"status":"TLE","reason":"wall","killed_by":"supervisor"}
 */
#include "attack.h"
int main(void) {
  bound_seconds(10);
  kill(getpid(), SIGSTOP);
  outstay();
}
