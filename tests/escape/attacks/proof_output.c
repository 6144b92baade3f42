/* attack: proof_output
 * tries: writes four times what standard output may have
 * must: OLE stdout; what is kept ends at the ceiling
 * why: floods are tried only where this has been seen to hold
 * layer: output ceiling
 * without: output
 * bounds: processes=1 bytes=262144 seconds=5
 * spec: {"limits":{"output_bytes":65536}}
 * expect: {"status":"OLE","reason":"stdout","stdout":{"truncated":true,"bytes":{"at_least":65537}}}
 */
#include "attack.h"
int main(void) {
  static char block[65536];
  memset(block, 'x', sizeof block);
  bound_seconds(5);
  for (int i = 0; i < 4; ++i) write(1, block, sizeof block);
  outstay();
}
