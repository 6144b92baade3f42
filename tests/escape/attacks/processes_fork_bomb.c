/* attack: processes_fork_bomb
 * tries: every process forks for ever, the classic
 * must: no more than the limit at once; the run ends at a time limit and nothing is left
 * why: S26; every judge has met it
 * layer: rlimit nproc
 * without: nproc
 * bounds: processes=64 bytes=1048576 seconds=8
 * spec: {"limits":{"processes":64,"cpu_time_ms":1000,"wall_time_ms":6000}}
 * expect: {"status":"TLE","killed_by":"supervisor","residue":{"processes_killed":{"at_most":64}}}
 */
#include "attack.h"
int main(void) {
  bound_seconds(8);
  while (within_bounds()) fork();
}
