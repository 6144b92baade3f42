/* attack: filesystem_climb_out
 * tries: climbs out: .. from everywhere, chroot, fchdir to a descriptor kept, /proc/self/root
 * must: its root is the root
 * why: the classical chroot escape
 * layer: pivot_root, seccomp
 * without: seccomp caps
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  struct stat root, here;
  char up[301] = {0};
  stat("/", &root);
  for (int i = 0; i < 100; ++i) memcpy(up + 3 * i, "../", 3);
  stat(up, &here);
  try_must_fail(here.st_ino != root.st_ino || here.st_dev != root.st_dev, ".. leads out of /");
  int kept = open("/", O_RDONLY | O_DIRECTORY);
  mkdir("/tmp/jail", 0700);
  MUST_FAIL(chroot("/tmp/jail"));
  fchdir(kept);
  chdir(up);
  stat(".", &here);
  try_must_fail(here.st_ino != root.st_ino, "fchdir leads out of /");
  stat("/proc/self/root/..", &here);
  try_must_fail(here.st_ino != root.st_ino, "/proc/self/root leads out of /");
  return verdict();
}
