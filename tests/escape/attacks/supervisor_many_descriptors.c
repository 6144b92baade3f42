/* attack: supervisor_many_descriptors
 * tries: every process it may have opens every descriptor it may have, all memory files, and sleeps
 * must: TLE wall, on time
 * why: a supervisor that walks descriptors has a thousand to walk
 * layer: wall
 * without: wall
 * breach: evaded
 * bounds: processes=16 bytes=8388608 seconds=15
 * spec: {"limits":{"wall_time_ms":1500}}
 * expect: {"status":"TLE","reason":"wall","wall_time":{"ns":{"at_most":8000000000}}}
 */
#include "attack.h"
int main(void) {
  bound_seconds(15);
  for (int i = 0; i < 15; ++i) {
    if (fork() == 0) break;
  }
  for (int i = 0; i < 60; ++i) syscall(SYS_memfd_create, "many", 0);
  outstay();
}
