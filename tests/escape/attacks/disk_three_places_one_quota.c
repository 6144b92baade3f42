/* attack: disk_three_places_one_quota
 * tries: fills /box, then /tmp, then /dev/shm
 * must: the three together end at the quota
 * why: a quota per place triples
 * layer: tmpfs quota
 * without: disk
 * bounds: processes=1 bytes=25165824 seconds=3
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  static char block[65536];
  const char *names[] = {"/box/f", "/tmp/f", "/dev/shm/f"};
  size_t written = 0;
  for (int i = 0; i < 3; ++i) {
    int fd = open(names[i], O_WRONLY | O_CREAT, 0600);
    for (int k = 0; k < 128; ++k) {
      ssize_t n = write(fd, block, sizeof block);
      if (n > 0) written += n;
    }
  }
  try_must_fail(written > 16 << 20, "more than the quota");
  return verdict();
}
