/* attack: output_reopened
 * tries: writes through new descriptors: /proc/self/fd/1, /dev/stdout, a dup in another process
 * must: OLE stdout: they are all the same pipe
 * why: a ceiling that is kept per descriptor multiplies
 * layer: output ceiling
 * without: output cpu
 * bounds: processes=2 bytes=100663296 seconds=5
 * expect: {"status":"OLE","reason":"stdout"}
 */
#include "attack.h"
int main(void) {
  static char block[16384];
  int a = open("/proc/self/fd/1", O_WRONLY), b = open("/dev/stdout", O_WRONLY | O_TRUNC | O_APPEND), c = dup(1);
  bound_seconds(5);
  fork();
  for (int i = 0; i < 1024 && within_bounds(); ++i) {
    write(a, block, sizeof block);
    write(b, block, sizeof block);
    write(c, block, sizeof block);
  }
}
