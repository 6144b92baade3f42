/* attack: memory_shared_by_fork_is_counted_once
 * tries: eight children look at the same 16 MiB of their parent
 * must: OK: shared pages are not eight times used
 * why: the reverse attack: an honest program called a hog
 * layer: memory
 * bounds: processes=9 bytes=16777216 seconds=2
 * spec: {"limits":{"memory_bytes":41943040}}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  volatile char *memory = hold(16 << 20);
  volatile int sum = 0;
  bound_seconds(1);
  for (int i = 0; i < 8; ++i) {
    if (fork() == 0) {
      for (size_t k = 0; k < 16 << 20; k += 4096) sum += memory[k];
      outstay();
      _exit(0);
    }
  }
  while (wait(NULL) > 0) {}
  return verdict();
}
