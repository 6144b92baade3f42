/* attack: supervisor_many_mappings
 * tries: has tens of thousands of mappings, so that looking at its memory takes long, and sleeps
 * must: TLE wall, on time
 * why: a look that costs more than the pause between two
 * layer: wall
 * without: cpu wall
 * breach: evaded
 * bounds: processes=1 bytes=67108864 seconds=15
 * spec: {"limits":{"wall_time_ms":1500}}
 * expect: {"status":"TLE","reason":"wall","wall_time":{"ns":{"at_most":8000000000}}}
 */
#include "attack.h"
int main(void) {
  bound_seconds(15);
  for (int i = 0; i < 30000; ++i) {
    if (mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) break;
  }
  outstay();
}
