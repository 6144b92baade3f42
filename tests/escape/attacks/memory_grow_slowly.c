/* attack: memory_grow_slowly
 * tries: grows by little pieces, past the limit
 * must: MLE
 * why: looks that come at a fixed pace are outrun or outwaited
 * layer: memory
 * without: memory
 * bounds: processes=1 bytes=67108864 seconds=8
 * spec: {"limits":{"memory_bytes":33554432}}
 * expect: {"status":"MLE","reason":["peak","oom_kill"]}
 */
#include "attack.h"
int main(void) {
  bound_seconds(8);
  for (int i = 0; i < 256 && within_bounds(); ++i) {
    hold(256 << 10);
    usleep(2000);
  }
  outstay();
}
