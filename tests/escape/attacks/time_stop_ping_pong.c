/* attack: time_stop_ping_pong
 * tries: stops its burning child whenever it believes somebody looks: SIGSTOP and SIGCONT every few milliseconds
 * must: TLE cpu
 * why: sampling can be dodged, counters cannot
 * layer: cpu timer
 * without: cpu
 * bounds: processes=2 bytes=1048576 seconds=12
 * spec: {"limits":{"cpu_time_ms":500}}
 * expect: {"status":"TLE","reason":"cpu"}
 */
#include "attack.h"
int main(void) {
  bound_seconds(12);
  pid_t child = fork();
  if (child == 0) {
    burn();
    _exit(0);
  }
  while (within_bounds()) {
    usleep(3000);
    kill(child, SIGSTOP);
    usleep(1000);
    kill(child, SIGCONT);
  }
}
