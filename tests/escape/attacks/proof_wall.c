/* attack: proof_wall
 * tries: sleeps three times as long as allowed
 * must: TLE wall
 * why: sleepers are tried only where this has been seen to hold
 * layer: wall
 * without: wall
 * bounds: processes=1 bytes=4096 seconds=3
 * spec: {"limits":{"wall_time_ms":500}}
 * expect: {"status":"TLE","reason":"wall","killed_by":"supervisor","wall_time":{"ns":{"at_least":500000000}}}
 */
#include "attack.h"
int main(void) {
  bound_seconds(3);
  outstay();
}
