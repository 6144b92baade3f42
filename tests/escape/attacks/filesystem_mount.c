/* attack: filesystem_mount
 * tries: mounts, remounts, unmounts, binds, pivots, by the old calls and the new
 * must: refused
 * why: the file tree is the box's
 * layer: seccomp, no capabilities
 * without: seccomp caps
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/mount.h>
int main(void) {
  MUST_FAIL(mount("none", "/tmp", "tmpfs", 0, NULL));
  MUST_FAIL(mount("proc", "/tmp", "proc", 0, NULL));
  MUST_FAIL(mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL));
  MUST_FAIL(mount("/", "/tmp", NULL, MS_BIND | MS_REC, NULL));
  MUST_FAIL(umount2("/proc", MNT_DETACH));
  MUST_FAIL(umount2("/usr", MNT_DETACH));
  MUST_FAIL(syscall(SYS_pivot_root, "/tmp", "/tmp"));
  MUST_FAIL(syscall(SYS_open_tree, AT_FDCWD, "/", 1));
  MUST_FAIL(syscall(SYS_fsopen, "tmpfs", 0));
  MUST_FAIL(syscall(SYS_fspick, AT_FDCWD, "/", 0));
  MUST_FAIL(syscall(SYS_move_mount, AT_FDCWD, "/usr", AT_FDCWD, "/tmp", 0));
  MUST_FAIL(syscall(442, AT_FDCWD, "/usr", 0, NULL, 0));
  return verdict();
}
