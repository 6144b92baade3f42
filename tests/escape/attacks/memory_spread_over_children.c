/* attack: memory_spread_over_children
 * tries: four children each touch less than the limit, together three times as much
 * must: MLE: the limit is the tree's
 * why: a limit per process multiplies by their number
 * layer: memory
 * without: memory
 * bounds: processes=5 bytes=100663296 seconds=5
 * spec: {"limits":{"memory_bytes":33554432}}
 * expect: {"status":"MLE","reason":["peak","oom_kill"]}
 */
#include "attack.h"
int main(void) {
  bound_seconds(5);
  for (int i = 0; i < 4; ++i) {
    if (fork() == 0) {
      hold(24 << 20);
      outstay();
      _exit(0);
    }
  }
  outstay();
}
