/* attack: wall_drip_output
 * tries: writes a byte now and then
 * must: TLE wall
 * why: S37: a limit per read is armed anew by every byte
 * layer: wall
 * without: wall
 * bounds: processes=1 bytes=65536 seconds=10
 * spec: {"limits":{"wall_time_ms":700}}
 * expect: {"status":"TLE","reason":"wall","killed_by":"supervisor"}
 */
#include "attack.h"
int main(void) {
  bound_seconds(10);
  while (within_bounds()) {
    write(1, ".", 1);
    usleep(20000);
  }
}
