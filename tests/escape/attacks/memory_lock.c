/* attack: memory_lock
 * tries: locks more memory than it may
 * must: refused
 * why: locked pages cannot be reclaimed
 * layer: rlimit memlock
 * without: memlock
 * bounds: processes=1 bytes=1048576 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  char *memory = hold(1 << 20);
  MUST_FAIL(mlock(memory, 1 << 20));
  MUST_FAIL(mlockall(MCL_CURRENT));
  MUST_FAIL(syscall(SYS_mlock2, memory, 1 << 20, 0));
  return verdict();
}
