/* attack: memory_memfd
 * tries: writes to memory files it never maps
 * must: MLE
 * why: S33: pages of an unmapped memfd are in no resident set and in no quota
 * layer: memory
 * without: memory cpu
 * bounds: processes=1 bytes=100663296 seconds=4
 * spec: {"limits":{"memory_bytes":33554432}}
 * where: {"enforced":{"memory":"cgroup"}}
 * expect: {"status":"MLE","reason":["peak","oom_kill"]}
 */
#include "attack.h"
int main(void) {
  static char block[1 << 20];
  bound_seconds(4);
  memset(block, 1, sizeof block);
  for (int i = 0; i < 8; ++i) {
    int fd = syscall(SYS_memfd_create, "hidden", 0);
    for (int k = 0; k < 12; ++k) write(fd, block, sizeof block);
  }
  outstay();
}
