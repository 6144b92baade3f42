/* attack: output_just_over
 * tries: writes one byte more than the ceiling and exits 0
 * must: OLE stdout
 * why: R10: a truncated stream is never OK
 * layer: judge
 * without: output
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OLE","reason":"stdout","stdout":{"bytes":65537,"truncated":true}}
 */
#include "attack.h"
int main(void) {
  static char block[65537];
  memset(block, 'o', sizeof block);
  for (size_t at = 0; at < sizeof block;) at += write(1, block + at, sizeof block - at);
}
