/* attack: time_kernel_burn
 * tries: burns its time inside the kernel: large reads of /dev/urandom
 * must: TLE cpu, as system time
 * why: limits on user time alone let it
 * layer: cpu timer
 * without: cpu
 * bounds: processes=1 bytes=1048576 seconds=8
 * spec: {"limits":{"cpu_time_ms":500}}
 * expect: {"status":"TLE","reason":"cpu"}
 */
#include "attack.h"
int main(void) {
  static char block[1 << 20];
  int fd = open("/dev/urandom", O_RDONLY);
  bound_seconds(8);
  while (within_bounds()) read(fd, block, sizeof block);
}
