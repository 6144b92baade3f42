/* attack: output_flood_stderr
 * tries: floods standard error alone
 * must: OLE stderr
 * why: a supervisor that reads one stream first deadlocks
 * layer: output ceiling
 * without: output cpu
 * bounds: processes=1 bytes=268435456 seconds=5
 * expect: {"status":"OLE","reason":"stderr"}
 */
#include "attack.h"
int main(void) {
  static char block[4096];
  bound_seconds(5);
  memset(block, 'e', sizeof block);
  for (long i = 0; i < 65536 && within_bounds(); ++i) write(2, block, sizeof block);
}
