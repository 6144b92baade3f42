/* attack: memory_mapped_file_is_counted_once
 * tries: maps a file of /tmp and touches it, below the limit
 * must: OK: a mapped page is one page
 * why: the reverse attack: counted as file and as resident set it looks twice as large
 * layer: memory
 * bounds: processes=1 bytes=20971520 seconds=2
 * spec: {"limits":{"memory_bytes":33554432,"disk_bytes":67108864,"file_size_bytes":67108864}}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  size_t size = 20 << 20;
  int fd = open("/tmp/mapped", O_RDWR | O_CREAT, 0600);
  ftruncate(fd, size);
  touch(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), size);
  bound_seconds(0.5);
  outstay();
  return verdict();
}
