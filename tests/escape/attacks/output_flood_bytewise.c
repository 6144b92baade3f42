/* attack: output_flood_bytewise
 * tries: floods standard output byte by byte
 * must: OLE stdout
 * why: a loop per byte in the supervisor would be the slower one
 * layer: output ceiling
 * without: output cpu
 * bounds: processes=1 bytes=1000000 seconds=10
 * spec: {"limits":{"cpu_time_ms":5000}}
 * expect: {"status":"OLE","reason":"stdout"}
 */
#include "attack.h"
int main(void) {
  bound_seconds(10);
  for (long i = 0; i < 1000000 && within_bounds(); ++i) write(1, "x", 1);
}
