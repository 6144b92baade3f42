/* attack: wall_close_output
 * tries: closes standard output and error and sleeps
 * must: TLE wall
 * why: who waits for the end of the output takes it for the end of the run, or waits for ever after
 * layer: wall
 * without: wall
 * bounds: processes=1 bytes=65536 seconds=10
 * spec: {"limits":{"wall_time_ms":700}}
 * expect: {"status":"TLE","reason":"wall","killed_by":"supervisor"}
 */
#include "attack.h"
int main(void) {
  bound_seconds(10);
  close(1);
  close(2);
  outstay();
}
