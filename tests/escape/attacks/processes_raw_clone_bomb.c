/* attack: processes_raw_clone_bomb
 * tries: a bomb of clone without an exit signal, with CLONE_VM, CLONE_UNTRACED and CLONE_VFORK
 * must: no more than the limit; all are reaped and counted
 * why: __WALL: children without SIGCHLD are missed by a plain wait
 * layer: rlimit nproc, keeper kill
 * without: nproc
 * bounds: processes=65 bytes=1048576 seconds=6
 * expect: {"status":"OK","stdout":{"text":"contained\n"},"residue":{"processes_killed":15}}
 */
#include "attack.h"
static char stacks[64][4096];
static int sleeper(void *none) {
  outstay();
  return 0;
}
int main(void) {
  int flags[] = {0, CLONE_VM, CLONE_UNTRACED, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND};
  int made = 0;
  bound_seconds(6);
  for (int i = 0; i < 64; ++i) made += clone(sleeper, stacks[i] + 4096, flags[i % 4], NULL) > 0;
  try_must_fail(made > 15, "more processes than allowed");
  return verdict();
}
