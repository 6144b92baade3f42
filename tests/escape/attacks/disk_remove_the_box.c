/* attack: disk_remove_the_box
 * tries: removes, renames and replaces the directories the supervisor will look into
 * must: refused
 * why: S2: what a stranger moved, root follows
 * layer: mount namespace
 * without: mount
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  MUST_FAIL(rmdir("/box"));
  MUST_FAIL(rename("/box", "/tmp/moved"));
  MUST_FAIL(rename("/box", "/gone"));
  MUST_FAIL(symlink("/usr", "/box2"));
  MUST_FAIL(rmdir("/tmp"));
  MUST_FAIL(rmdir("/dev/shm"));
  MUST_FAIL(syscall(SYS_renameat2, AT_FDCWD, "/box", AT_FDCWD, "/tmp", 2));
  chmod("/box", 0);
  return verdict();
}
