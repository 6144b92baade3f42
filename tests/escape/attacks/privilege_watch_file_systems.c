/* attack: privilege_watch_file_systems
 * tries: watches whole file systems with fanotify
 * must: refused
 * why: sees what other runs open
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  MUST_FAIL(syscall(SYS_fanotify_init, 0, O_RDONLY));
  MUST_FAIL(syscall(SYS_fanotify_init, 0x200, O_RDONLY));
  return verdict();
}
