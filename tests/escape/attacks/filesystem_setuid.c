/* attack: filesystem_setuid
 * tries: makes setuid files and looks for a mount that would honour one
 * must: every mount is nosuid, no_new_privs is set
 * why: S31: setuid programs in images
 * layer: nosuid, no_new_privs
 * without: nosuid
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/statvfs.h>
#include <sys/xattr.h>
int main(void) {
  const char *places[] = {"/", "/usr", "/box", "/tmp", "/dev/shm", "/proc", "/etc", "/bin", "/lib"};
  for (int i = 0; i < sizeof places / sizeof *places; ++i) {
    struct statvfs fs;
    try_must_fail(statvfs(places[i], &fs) == 0 && !(fs.f_flag & ST_NOSUID), places[i]);
  }
  make_file("/tmp/program", "#!/bin/sh\n");
  chmod("/tmp/program", 06755);
  MUST_FAIL(chown("/tmp/program", 0, 0));
  MUST_FAIL(setxattr("/tmp/program", "security.capability", "\1\0\0\2\377\377\377\377\0\0\0\0\0\0\0\0\0\0\0\0", 20, 0));
  try_must_fail(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1, "no_new_privs is not set");
  return verdict();
}
