/* attack: time_exec_chain
 * tries: execs itself for ever: every image starts anew
 * must: TLE cpu: the time of all images together
 * why: per-exec accounting starts again at zero
 * layer: cpu timer
 * without: cpu wall
 * bounds: processes=1 bytes=65536 seconds=15
 * spec: {"limits":{"cpu_time_ms":700}}
 * expect: {"status":"TLE","reason":"cpu"}
 */
#include "attack.h"
int main(int argc, char **argv) {
  char count[16];
  int n = argc > 1 ? atoi(argv[1]) : 0;
  for (volatile int i = 0; i < 3000000; ++i) {}
  if (n > 2000) return 0;
  snprintf(count, sizeof count, "%d", n + 1);
  execl("/proc/self/exe", argv[0], count, NULL);
}
