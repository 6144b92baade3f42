/* attack: privilege_userfaultfd
 * tries: makes a userfaultfd: page faults that last as long as it likes
 * must: refused
 * why: S34: it turns kernel races into certainties
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  MUST_FAIL(syscall(SYS_userfaultfd, 0));
  MUST_FAIL(syscall(SYS_userfaultfd, 1));
  return verdict();
}
