/* attack: memory_stack
 * tries: recurses until its stack is used up
 * must: RE signal 11: the stack limit stops it
 * why: an unlimited stack is a second heap
 * layer: rlimit stack
 * without: stack memory
 * bounds: processes=1 bytes=83886080 seconds=2
 * spec: {"limits":{"stack_bytes":4194304}}
 * expect: {"status":"RE","reason":"signal","signal":11,"peak_memory":{"bytes":{"at_most":12582912}}}
 */
#include "attack.h"
static int deeper(int n) {
  volatile char frame[4096];
  frame[0] = (char)n;
  return n > 20000 ? 0 : deeper(n + 1) + frame[0];
}
int main(void) {
  return deeper(0) == 12345;
}
