/* attack: proof_processes
 * tries: twice as many processes as allowed, each asleep until the parent is done
 * must: exactly the limit is reached, the next fork fails with EAGAIN
 * why: bombs are tried only where this has been seen to hold
 * layer: rlimit nproc
 * without: nproc
 * bounds: processes=32 bytes=1048576 seconds=5
 * spec: {"limits":{"processes":16}}
 * expect: {"status":"OK","stdout":{"text":"contained\n"},"residue":{"processes_killed":15}}
 */
#include "attack.h"
int main(void) {
  int children = 0, refused = 0;
  bound_seconds(5);
  for (int i = 0; i < 32 && !refused; ++i) {
    pid_t pid = fork();
    if (pid == 0) {
      outstay();
      _exit(0);
    }
    if (pid < 0) refused = errno == EAGAIN;
    else ++children;
  }
  try_must_fail(children > 15, "more processes than allowed");
  if (children < 15) return puts("fewer processes than allowed"), 1;
  return verdict();
}
