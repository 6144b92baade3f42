/* attack: output_sendfile
 * tries: floods standard output by sendfile, which needs no write
 * must: OLE stdout
 * why: filters on write alone miss it
 * layer: output ceiling
 * without: output cpu
 * bounds: processes=1 bytes=67108864 seconds=5
 * expect: {"status":"OLE","reason":"stdout"}
 */
#include "attack.h"
#include <sys/sendfile.h>
int main(void) {
  static char block[65536];
  int fd = open("/tmp/block", O_RDWR | O_CREAT, 0600);
  write(fd, block, sizeof block);
  bound_seconds(5);
  for (int i = 0; i < 1024 && within_bounds(); ++i) {
    off_t start = 0;
    sendfile(1, fd, &start, sizeof block);
  }
}
