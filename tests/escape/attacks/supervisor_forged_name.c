/* attack: supervisor_forged_name
 * tries: renames itself so that a careless reader of /proc/PID/stat sees another process, and burns CPU
 * must: TLE cpu
 * why: the name stands in the line unquoted: ') Z 1 1 1 0 0' ends it early
 * layer: cpu timer
 * without: cpu
 * breach: evaded
 * bounds: processes=2 bytes=65536 seconds=8
 * spec: {"limits":{"cpu_time_ms":500}}
 * expect: {"status":"TLE","reason":"cpu"}
 */
#include "attack.h"
int main(void) {
  bound_seconds(8);
  prctl(PR_SET_NAME, ") Z 1 1\n(0 0");
  if (fork() == 0) {
    prctl(PR_SET_NAME, "\n1 (x) S 0 0");
    burn();
    _exit(0);
  }
  burn();
}
