/* attack: wall_deadlock
 * tries: waits for itself: reads a pipe whose only writer it is
 * must: TLE wall
 * why: nothing ever happens, no CPU is used
 * layer: wall
 * without: wall
 * bounds: processes=1 bytes=65536 seconds=10
 * spec: {"limits":{"wall_time_ms":700}}
 * expect: {"status":"TLE","reason":"wall","killed_by":"supervisor"}
 */
#include "attack.h"
int main(void) {
  int ends[2];
  char byte;
  pipe(ends);
  alarm(10);
  read(ends[0], &byte, 1);
}
