/* attack: disk_file_size_ignored
 * tries: ignores SIGXFSZ and writes, truncates, allocates and copies past the limit
 * must: every way ends at the limit
 * why: the signal is only the messenger
 * layer: rlimit fsize
 * without: fsize
 * bounds: processes=1 bytes=4194304 seconds=2
 * spec: {"limits":{"file_size_bytes":1048576}}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  static char block[65536];
  struct stat status;
  signal(SIGXFSZ, SIG_IGN);
  int fd = open("/tmp/large", O_RDWR | O_CREAT, 0600);
  for (int i = 0; i < 64; ++i) write(fd, block, sizeof block);
  MUST_FAIL(ftruncate(fd, 1L << 40));
  MUST_FAIL(fallocate(fd, 0, 0, 2 << 20));
  MUST_FAIL(pwrite(fd, block, 1, 2 << 20));
  loff_t from = 0, to = 1 << 20;
  MUST_FAIL(copy_file_range(fd, &from, fd, &to, 65536, 0));
  fstat(fd, &status);
  try_must_fail(status.st_size > 1 << 20, "the file is larger than the limit");
  return verdict();
}
