/* attack: privilege_prctl_memory_map
 * tries: rewrites what /proc says of it: PR_SET_MM
 * must: refused
 * why: a program that lies about its name and size
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  MUST_FAIL(prctl(PR_SET_MM, PR_SET_MM_BRK, (long)sbrk(0), 0, 0));
  MUST_FAIL(prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, open("/usr/bin/env", O_RDONLY), 0, 0));
  MUST_FAIL(prctl(62, 1, 0, 0, 0));
  return verdict();
}
