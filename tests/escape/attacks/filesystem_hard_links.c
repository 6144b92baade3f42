/* attack: filesystem_hard_links
 * tries: links files of others into its own directory
 * must: refused
 * why: a link owned by root and later collected or chowned
 * layer: separate mounts
 * without: mount
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  MUST_FAIL(link("/etc/passwd", "/box/passwd"));
  MUST_FAIL(link("/usr/bin/env", "/box/env"));
  MUST_FAIL(linkat(AT_FDCWD, "/usr/bin/env", AT_FDCWD, "/tmp/env", AT_SYMLINK_FOLLOW));
  int fd = open("/etc/passwd", O_RDONLY);
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  MUST_FAIL(linkat(AT_FDCWD, path, AT_FDCWD, "/tmp/passwd", AT_SYMLINK_FOLLOW));
  MUST_FAIL(linkat(fd, "", AT_FDCWD, "/tmp/passwd", AT_EMPTY_PATH));
  return verdict();
}
