/* attack: disk_deep_directory
 * tries: makes a directory 2000 deep, longer than any path may be
 * must: gone with the box, clean-up is bounded
 * why: recursive removal by path fails with ENAMETOOLONG, by recursion with a full stack
 * layer: tmpfs of one run
 * bounds: processes=1 bytes=8388608 seconds=5
 * spec: {"limits":{"disk_inodes":3000}}
 * expect: {"status":"OK","stdout":{"text":"2000\n"},"overhead":{"cleanup_ns":{"at_most":10000000000}}}
 */
#include "attack.h"
int main(void) {
  char name[201];
  int depth = 0;
  memset(name, 'd', sizeof name);
  name[200] = 0;
  while (depth < 2000 && mkdir(name, 0700) == 0 && chdir(name) == 0) ++depth;
  printf("%d\n", depth);
}
