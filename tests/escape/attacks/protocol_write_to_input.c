/* attack: protocol_write_to_input
 * tries: changes its own standard input, by the descriptor, a new one, and a mapping
 * must: refused: the input is sealed
 * why: a judge that reuses the file would feed the next run
 * layer: memfd seals
 * without: seals
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * spec: {"stdin":{"content":"12345\n"}}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  MUST_FAIL(write(0, "forged", 6));
  int fd = open("/proc/self/fd/0", O_RDWR);
  try_must_fail(fd >= 0 && write(fd, "forged", 6) > 0, "wrote through /proc/self/fd/0");
  try_must_fail(fd >= 0 && mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED, "mapped it writable");
  MUST_FAIL(ftruncate(0, 0));
  try_must_fail(fd >= 0 && ftruncate(fd, 0) == 0, "truncated it");
  return verdict();
}
