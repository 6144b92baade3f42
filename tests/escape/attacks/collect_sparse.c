/* attack: collect_sparse
 * tries: leaves a sparse file of a terabyte
 * must: FE too_big
 * why: 4 GiB of zeros into the supervisor's memory
 * layer: copy-out ceiling
 * without: collect
 * breach: evaded
 * bounds: processes=1 bytes=65536 seconds=2
 * spec: {"collect":["out.txt"],"limits":{"file_size_bytes":null}}
 * expect: {"status":"FE","reason":"copy_out_too_big","files":{"out.txt":{"error":"too_big"}}}
 */
#include "attack.h"
int main(void) {
  int fd = open("out.txt", O_WRONLY | O_CREAT, 0644);
  if (ftruncate(fd, 1L << 40) < 0) return 3;
}
