/* attack: privilege_placement
 * tries: moves away from the cores and memory it was given
 * must: refused
 * why: S33; a pinned run measures true
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  unsigned long all[16];
  memset(all, 0xff, sizeof all);
  MUST_FAIL(syscall(SYS_sched_setaffinity, 0, sizeof all, all));
  MUST_FAIL(syscall(SYS_set_mempolicy, 2, all, 1));
  MUST_FAIL(syscall(SYS_migrate_pages, 0, 1, all, all));
  MUST_FAIL(syscall(SYS_mbind, 0, 4096, 2, all, 1, 0));
  return verdict();
}
