/* attack: privilege_kernel_log
 * tries: reads and clears the kernel's log
 * must: refused
 * why: addresses, and what others did
 * layer: seccomp
 * without: seccomp
 * breach: leaked
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  char log[4096];
  for (int action = 0; action < 11; ++action) MUST_FAIL(syscall(SYS_syslog, action, log, sizeof log));
  return verdict();
}
