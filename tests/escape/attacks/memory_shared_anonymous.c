/* attack: memory_shared_anonymous
 * tries: touches shared anonymous memory, which belongs to no process
 * must: MLE
 * why: accounting that looks at private pages alone misses it
 * layer: memory
 * without: memory
 * bounds: processes=1 bytes=67108864 seconds=5
 * spec: {"limits":{"memory_bytes":33554432}}
 * expect: {"status":"MLE","reason":["peak","oom_kill"]}
 */
#include "attack.h"
int main(void) {
  size_t size = 64 << 20;
  bound_seconds(5);
  touch(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), size);
  outstay();
}
