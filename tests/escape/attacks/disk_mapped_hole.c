/* attack: disk_mapped_hole
 * tries: maps a sparse file and touches more of it than the quota
 * must: SIGBUS at the quota: OLE or RE, never more pages
 * why: a mapping writes without write
 * layer: tmpfs quota
 * without: disk
 * bounds: processes=1 bytes=12582912 seconds=2
 * spec: {"limits":{"disk_bytes":4194304}}
 * expect: {"status":["OLE","RE"],"signal":7,"stdout":{"bytes":0}}
 */
#include "attack.h"
int main(void) {
  size_t size = 12 << 20;
  int fd = open("/tmp/sparse", O_RDWR | O_CREAT, 0600);
  ftruncate(fd, size);
  touch(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), size);
  puts("ESCAPED: touched it all");
}
