/* attack: privilege_io_uring
 * tries: sets up an io_uring: system calls that no filter sees
 * must: refused
 * why: S17, S34: its work is done by kernel threads and escapes accounting
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  char params[120] = {0};
  MUST_FAIL(syscall(425, 8, params));
  MUST_FAIL(syscall(426, 0, 1, 0, 0, NULL, 0));
  MUST_FAIL(syscall(427, 0, 0, NULL, 0));
  return verdict();
}
