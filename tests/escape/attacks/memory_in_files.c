/* attack: memory_in_files
 * tries: keeps its data in files of /tmp and /dev/shm, which are memory
 * must: MLE
 * why: S33: tmpfs pages are in nobody's resident set
 * layer: memory
 * without: memory
 * bounds: processes=1 bytes=50331648 seconds=5
 * spec: {"limits":{"memory_bytes":33554432,"disk_bytes":67108864,"file_size_bytes":67108864}}
 * expect: {"status":"MLE","reason":["peak","oom_kill"]}
 */
#include "attack.h"
int main(void) {
  static char block[1 << 20];
  int a = open("/tmp/a", O_WRONLY | O_CREAT, 0600), b = open("/dev/shm/b", O_WRONLY | O_CREAT, 0600);
  bound_seconds(5);
  memset(block, 1, sizeof block);
  for (int i = 0; i < 24; ++i) {
    write(a, block, sizeof block);
    write(b, block, sizeof block);
  }
  outstay();
}
