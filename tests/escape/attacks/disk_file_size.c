/* attack: disk_file_size
 * tries: writes a file larger than any file may be
 * must: OLE file_size, by SIGXFSZ
 * why: one file can be the whole disk
 * layer: rlimit fsize
 * without: fsize
 * bounds: processes=1 bytes=8388608 seconds=2
 * spec: {"limits":{"file_size_bytes":1048576}}
 * expect: {"status":"OLE","reason":"file_size","signal":25,"killed_by":"kernel_rlimit"}
 */
#include "attack.h"
int main(void) {
  static char block[65536];
  int fd = open("/tmp/large", O_WRONLY | O_CREAT, 0600);
  for (int i = 0; i < 128; ++i) write(fd, block, sizeof block);
}
