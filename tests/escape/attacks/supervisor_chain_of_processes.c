/* attack: supervisor_chain_of_processes
 * tries: makes a chain of processes, each the parent of the next, and sleeps
 * must: TLE wall, all killed
 * why: a walk of the tree by recursion, or by one level at a time
 * layer: wall, keeper kill
 * without: cpu wall
 * breach: evaded
 * bounds: processes=180 bytes=16777216 seconds=15
 * spec: {"limits":{"wall_time_ms":2500,"processes":180}}
 * expect: {"status":"TLE","reason":"wall","wall_time":{"ns":{"at_most":8000000000}}}
 */
#include "attack.h"
int main(void) {
  bound_seconds(15);
  for (int depth = 0; depth < 178 && fork() == 0; ++depth) {}
  outstay();
}
