/* attack: output_exactly_full
 * tries: writes exactly the ceiling
 * must: OK
 * why: a limit is what may be reached
 * layer: judge
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"bytes":65536,"truncated":false}}
 */
#include "attack.h"
int main(void) {
  static char block[65536];
  memset(block, 'o', sizeof block);
  for (size_t at = 0; at < sizeof block;) at += write(1, block + at, sizeof block - at);
}
