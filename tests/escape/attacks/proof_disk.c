/* attack: proof_disk
 * tries: fills /tmp with four times the disk quota
 * must: ENOSPC at the quota
 * why: disk hogs are tried only where this has been seen to hold
 * layer: tmpfs quota
 * without: disk
 * bounds: processes=1 bytes=4194304 seconds=5
 * spec: {"limits":{"disk_bytes":2097152}}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  static char block[65536];
  size_t written = 0;
  int fd = open("/tmp/fill", O_WRONLY | O_CREAT, 0600);
  memset(block, 'x', sizeof block);
  while (written < (4 << 20)) {
    ssize_t n = write(fd, block, sizeof block);
    if (n <= 0) break;
    written += n;
  }
  try_must_fail(written > 2 << 20, "wrote more than the quota");
  try_must_fail(written < 1 << 20, "could hardly write at all");
  return verdict();
}
