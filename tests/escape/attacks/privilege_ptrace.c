/* attack: privilege_ptrace
 * tries: traces the keeper, a child, and asks to be traced
 * must: refused
 * why: S34; a tracer can change what a filter has allowed
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/ptrace.h>
int main(void) {
  pid_t child = fork();
  if (child == 0) {
    usleep(300000);
    _exit(0);
  }
  MUST_FAIL(ptrace(PTRACE_ATTACH, 1, 0, 0));
  MUST_FAIL(ptrace(PTRACE_SEIZE, 1, 0, 0));
  MUST_FAIL(ptrace(PTRACE_SEIZE, child, 0, 0));
  MUST_FAIL(ptrace(PTRACE_ATTACH, child, 0, 0));
  kill(child, SIGKILL);
  int status;
  child = fork(); /* not of itself: whoever is its parent would never let it go on */
  if (child == 0) _exit(ptrace(PTRACE_TRACEME, 0, 0, 0) >= 0);
  waitpid(child, &status, __WALL);
  try_must_fail(WIFEXITED(status) && WEXITSTATUS(status) == 1, "PTRACE_TRACEME");
  return verdict();
}
