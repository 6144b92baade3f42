/* attack: privilege_keyrings
 * tries: adds, requests and searches keys
 * must: refused
 * why: S11 isolate 2.4: keyrings outlive a run and are shared by a uid
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  MUST_FAIL(syscall(SYS_add_key, "user", "bailiff", "x", 1, -4));
  MUST_FAIL(syscall(SYS_add_key, "user", "bailiff", "x", 1, -3));
  MUST_FAIL(syscall(SYS_request_key, "user", "bailiff", NULL, -3));
  for (int op = 0; op < 33; ++op) MUST_FAIL(syscall(SYS_keyctl, op, -4, 0, 0, 0));
  return verdict();
}
