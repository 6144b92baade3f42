/* attack: wall_vfork_never_execs
 * tries: a vfork child that never execs holds its parent where only a fatal signal reaches it
 * must: TLE wall
 * why: the parent sits in the kernel, not in its program
 * layer: wall
 * without: wall
 * bounds: processes=2 bytes=65536 seconds=10
 * spec: {"limits":{"wall_time_ms":700}}
 * expect: {"status":"TLE","reason":"wall","killed_by":"supervisor"}
 */
#include "attack.h"
int main(void) {
  bound_seconds(10);
  if (vfork() == 0) {
    outstay();
    _exit(0);
  }
}
