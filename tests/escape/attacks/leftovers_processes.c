/* attack: leftovers_processes
 * tries: leaves as many processes as it may have, and counts how many the next run may have
 * must: the next run has all of its own
 * why: S26: processes are counted per user id: 'no more forks' for the next run
 * layer: keeper kill, uid of its own
 * without: kill
 * breach: evaded
 * bounds: processes=31 bytes=1048576 seconds=12
 * spec: {"argv":["./leftovers_processes","look"]}
 * first: {"argv":["./leftovers_processes","leave"]}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(int argc, char **argv) {
  int made = 0;
  bound_seconds(12);
  for (int i = 0; i < 15; ++i) {
    pid_t pid = fork();
    if (pid == 0) {
      outstay();
      _exit(0);
    }
    made += pid > 0;
  }
  try_must_fail(made < 15, "there was no room for 15 processes");
  fflush(stdout);
  return verdict();
}
