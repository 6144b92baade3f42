/* attack: output_flood_both
 * tries: floods standard output and standard error at once, from two processes
 * must: OLE; the supervisor's memory stays flat
 * why: S22 snekbox kept the flood in the trusted process
 * layer: output ceiling
 * without: output cpu
 * bounds: processes=2 bytes=1073741824 seconds=5
 * spec: {"limits":{"output_bytes":262144}}
 * expect: {"status":"OLE","reason":["stdout","stderr"],"killed_by":"supervisor","stdout":{"bytes":{"at_most":1048576}},"stderr":{"bytes":{"at_most":1048576}}}
 */
#include "attack.h"
int main(void) {
  static char block[65536];
  size_t total = 0;
  bound_seconds(5);
  memset(block, 'y', sizeof block);
  int to = fork() == 0 ? 1 : 2;
  while (within_bounds() && total < (512 << 20)) {
    ssize_t n = write(to, block, sizeof block);
    if (n > 0) total += n;
  }
  outstay();
}
