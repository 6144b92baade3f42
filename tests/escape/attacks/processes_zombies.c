/* attack: processes_zombies
 * tries: makes children that die and are never waited for
 * must: they count until the end; nothing is left
 * why: zombies are processes too
 * layer: rlimit nproc
 * without: nproc
 * bounds: processes=65 bytes=65536 seconds=3
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  int made = 0;
  for (int i = 0; i < 64; ++i) {
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    made += pid > 0;
  }
  try_must_fail(made > 15, "more zombies than processes allowed");
  return verdict();
}
