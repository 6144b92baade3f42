/* attack: privilege_bare_processor
 * tries: asks for I/O ports and segment descriptors
 * must: refused
 * why: S17
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
#ifdef __x86_64__
  MUST_FAIL(syscall(SYS_iopl, 3));
  MUST_FAIL(syscall(SYS_ioperm, 0x80, 1, 1));
  MUST_FAIL(syscall(SYS_modify_ldt, 1, "xxxxxxxxxxxxxxxx", 16));
#endif
  return verdict();
}
