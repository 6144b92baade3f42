/* attack: disk_unlinked_files
 * tries: fills the disk with files that have no name: unlinked ones and O_TMPFILE
 * must: ENOSPC at the quota
 * why: du finds nothing
 * layer: tmpfs quota
 * without: disk
 * bounds: processes=1 bytes=41943040 seconds=3
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  static char block[1 << 20];
  size_t written = 0;
  for (int i = 0; i < 40; ++i) {
    int fd = i % 2 ? open("/tmp", O_TMPFILE | O_RDWR, 0600) : open("/tmp/gone", O_RDWR | O_CREAT, 0600);
    unlink("/tmp/gone");
    ssize_t n = write(fd, block, sizeof block);
    if (n > 0) written += n;
  }
  try_must_fail(written > 16 << 20, "more than the quota");
  return verdict();
}
