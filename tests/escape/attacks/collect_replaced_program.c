/* attack: collect_replaced_program
 * tries: replaces its own program and input files by links
 * must: nothing of it is ever followed
 * why: S1 plant a link at every name we later open
 * layer: O_NOFOLLOW walk
 * without: collect
 * bounds: processes=1 bytes=65536 seconds=2
 * spec: {"files":{"in.txt":{"content":"x"}},"collect":["in.txt"]}
 * expect: {"status":"FE","reason":"copy_out_not_regular","files":{"in.txt":{"error":"not_regular"}}}
 */
#include "attack.h"
int main(void) {
  char self[64];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  self[length] = 0;
  if (unlink(self) < 0 || symlink("/etc/passwd", self) < 0) return 3;
  if (unlink("in.txt") < 0 || symlink("/etc/shadow", "in.txt") < 0) return 3;
  return verdict();
}
