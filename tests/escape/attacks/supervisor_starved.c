/* attack: supervisor_starved
 * tries: a hundred and fifty processes want every core at once
 * must: TLE wall, late by seconds at most
 * why: a supervisor with the same share as each of them wakes late
 * layer: wall
 * without: wall
 * breach: evaded
 * bounds: processes=150 bytes=8388608 seconds=15
 * spec: {"limits":{"cpu_time_ms":null,"wall_time_ms":1500,"processes":150}}
 * expect: {"status":"TLE","reason":"wall","wall_time":{"ns":{"at_most":8000000000}}}
 */
#include "attack.h"
int main(void) {
  bound_seconds(15);
  for (int i = 0; i < 149; ++i) {
    if (fork() == 0) break;
  }
  burn();
}
