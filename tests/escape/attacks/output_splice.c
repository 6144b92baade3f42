/* attack: output_splice
 * tries: floods standard output by tee and splice from a pipe of its own
 * must: OLE stdout
 * why: as sendfile
 * layer: output ceiling
 * without: output cpu
 * bounds: processes=1 bytes=134217728 seconds=5
 * expect: {"status":"OLE","reason":"stdout"}
 */
#include "attack.h"
int main(void) {
  static char block[4096];
  int ends[2];
  pipe(ends);
  bound_seconds(5);
  for (int i = 0; i < 16384 && within_bounds(); ++i) {
    write(ends[1], block, sizeof block);
    tee(ends[0], 1, sizeof block, 0);
    splice(ends[0], NULL, 1, NULL, sizeof block, 0);
  }
}
