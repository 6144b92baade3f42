/* attack: processes_clone_parent
 * tries: makes its process a sibling: CLONE_PARENT
 * must: refused
 * why: the new process is the keeper's child: its CPU time is nobody's
 * layer: seccomp
 * without: seccomp pid
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
  if (pid == 0) _exit(0);
  try_must_fail(pid > 0, "clone with CLONE_PARENT");
  return verdict();
}
