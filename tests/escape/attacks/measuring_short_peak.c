/* attack: measuring_short_peak
 * tries: touches 40 MiB and gives them back at once
 * must: all of it is in the result
 * why: S33: a peak between two looks
 * layer: measuring
 * without: peak
 * breach: evaded
 * bounds: processes=1 bytes=41943040 seconds=2
 * spec: {"limits":{"memory_bytes":134217728}}
 * expect: {"status":"OK","peak_memory":{"bytes":{"at_least":41943040}}}
 */
#include "attack.h"
int main(void) {
  munmap(hold(40 << 20), 40 << 20);
  usleep(100000);
}
