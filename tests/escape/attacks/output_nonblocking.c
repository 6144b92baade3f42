/* attack: output_nonblocking
 * tries: makes its streams non-blocking and floods them
 * must: OLE
 * why: O_NONBLOCK on a shared description reaches the other side's descriptor
 * layer: output ceiling
 * without: output cpu
 * bounds: processes=1 bytes=1073741824 seconds=8
 * spec: {"limits":{"cpu_time_ms":5000}}
 * expect: {"status":"OLE","reason":"stdout"}
 */
#include "attack.h"
int main(void) {
  static char block[65536];
  fcntl(1, F_SETFL, O_NONBLOCK);
  fcntl(2, F_SETFL, O_NONBLOCK);
  bound_seconds(8);
  for (long i = 0; i < 1000000 && within_bounds(); ++i) write(1, block, sizeof block);
}
