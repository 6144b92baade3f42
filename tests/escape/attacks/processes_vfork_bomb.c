/* attack: processes_vfork_bomb
 * tries: a bomb of vfork: every child vforks before its parent may go on
 * must: no more than the limit; nothing left
 * why: vfork is not fork to every filter
 * layer: rlimit nproc
 * without: nproc
 * bounds: processes=64 bytes=1048576 seconds=6
 * spec: {"limits":{"wall_time_ms":1500}}
 * expect: {"status":"TLE","reason":"wall","residue":{"processes_killed":{"at_most":16}}}
 */
#include "attack.h"
static void bomb(int depth) {
  if (depth > 64 || !within_bounds()) outstay();
  pid_t pid = vfork();
  if (pid == 0) {
    bomb(depth + 1);
    _exit(0);
  }
  outstay();
}
int main(void) {
  bound_seconds(6);
  bomb(0);
}
