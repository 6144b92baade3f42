/* attack: disk_many_files
 * tries: makes 20 000 files
 * must: all are gone with the box, clean-up is bounded
 * why: rm -rf over what a stranger made takes minutes elsewhere
 * layer: tmpfs of one run
 * bounds: processes=1 bytes=104857600 seconds=20
 * spec: {"limits":{"disk_inodes":25000,"memory_bytes":null,"cpu_time_ms":18000,"wall_time_ms":20000}}
 * expect: {"status":"OK","stdout":{"text":"20000\n"},"overhead":{"cleanup_ns":{"at_most":10000000000}}}
 */
#include "attack.h"
int main(void) {
  char name[32];
  int made = 0;
  for (int i = 0; i < 20000; ++i) {
    snprintf(name, sizeof name, "/tmp/%d", i);
    int fd = open(name, O_WRONLY | O_CREAT, 0600);
    if (fd < 0) break;
    close(fd);
    ++made;
  }
  printf("%d\n", made);
}
