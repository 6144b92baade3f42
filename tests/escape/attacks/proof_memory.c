/* attack: proof_memory
 * tries: touches four times the memory allowed
 * must: MLE
 * why: hogs are tried only where this has been seen to hold
 * layer: memory
 * without: memory
 * bounds: processes=1 bytes=67108864 seconds=5
 * spec: {"limits":{"memory_bytes":16777216}}
 * expect: {"status":"MLE","reason":["peak","oom_kill"],"limits_exceeded":["memory"]}
 */
#include "attack.h"
int main(void) {
  bound_seconds(5);
  hold(64 << 20);
  outstay();
}
