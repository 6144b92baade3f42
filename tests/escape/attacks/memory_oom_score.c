/* attack: memory_oom_score
 * tries: asks to be spared when memory runs out
 * must: it starts as the first to go and cannot become less likely to go than others
 * why: the kernel would kill the supervisor in its stead
 * layer: uid, oom_score_adj
 * without: oom
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  char score[16] = {0};
  int fd = open("/proc/self/oom_score_adj", O_RDWR);
  if (fd < 0) fd = open("/proc/self/oom_score_adj", O_RDONLY);
  read(fd, score, sizeof score - 1);
  try_must_fail(atoi(score) != 1000, "oom_score_adj is not 1000");
  try_must_fail(pwrite(fd, "-1", 2, 0) > 0, "oom_score_adj lowered to -1");
  try_must_fail(pwrite(fd, "-1000", 5, 0) > 0, "oom_score_adj lowered to -1000");
  return verdict();
}
