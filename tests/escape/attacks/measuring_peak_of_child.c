/* attack: measuring_peak_of_child
 * tries: a child touches 40 MiB and ends at once
 * must: all of it is in the result
 * why: the peak of the program alone
 * layer: measuring
 * without: peak
 * breach: evaded
 * bounds: processes=2 bytes=41943040 seconds=2
 * spec: {"limits":{"memory_bytes":134217728}}
 * expect: {"status":"OK","peak_memory":{"bytes":{"at_least":41943040}}}
 */
#include "attack.h"
int main(void) {
  if (fork() == 0) {
    hold(40 << 20);
    _exit(0);
  }
  wait(NULL);
}
