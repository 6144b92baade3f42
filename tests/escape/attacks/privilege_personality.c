/* attack: privilege_personality
 * tries: takes on the personalities of old systems, and READ_IMPLIES_EXEC
 * must: refused
 * why: old compatibility code; mmap at zero
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/personality.h>
int main(void) {
  MUST_FAIL(personality(PER_SVR4));
  MUST_FAIL(personality(PER_LINUX32));
  MUST_FAIL(personality(READ_IMPLIES_EXEC));
  MUST_FAIL(personality(MMAP_PAGE_ZERO));
  try_must_fail(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED, "page zero is mapped");
  return verdict();
}
