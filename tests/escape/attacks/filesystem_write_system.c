/* attack: filesystem_write_system
 * tries: writes, removes, renames, links and changes modes in what is not its own
 * must: refused everywhere
 * why: S8: what one run writes the next includes
 * layer: read-only mounts, uid
 * without: mount
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  const char *places[] = {"/", "/usr", "/usr/bin", "/usr/local/bin", "/usr/lib", "/usr/include", "/etc", "/dev", "/bin", "/lib", "/proc", "/etc/alternatives", "/var", "/usr/share"};
  char path[128];
  for (int i = 0; i < sizeof places / sizeof *places; ++i) {
    snprintf(path, sizeof path, "%s/bailiff-attack", places[i]);
    try_must_fail(open(path, O_WRONLY | O_CREAT, 0600) >= 0, path);
    try_must_fail(mkdir(path, 0700) == 0, path);
    try_must_fail(symlink("/", path) == 0, path);
    try_must_fail(open(places[i], O_TMPFILE | O_WRONLY, 0600) >= 0, path);
    try_must_fail(chmod(places[i], 0777) == 0, places[i]);
  }
  MUST_FAIL(open("/etc/passwd", O_WRONLY));
  MUST_FAIL(open("/usr/bin/env", O_RDWR));
  MUST_FAIL(unlink("/etc/passwd"));
  MUST_FAIL(unlink("/dev/null"));
  MUST_FAIL(rename("/etc/passwd", "/etc/passwd2"));
  MUST_FAIL(truncate("/etc/passwd", 0));
  MUST_FAIL(utimensat(AT_FDCWD, "/usr/bin/env", NULL, 0));
  return verdict();
}
