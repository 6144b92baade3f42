/* attack: wall_ignore_signals
 * tries: ignores and blocks every signal and sleeps
 * must: TLE wall
 * why: SIGTERM is a request
 * layer: wall
 * without: wall
 * bounds: processes=1 bytes=65536 seconds=10
 * spec: {"limits":{"wall_time_ms":700}}
 * expect: {"status":"TLE","reason":"wall","killed_by":"supervisor"}
 */
#include "attack.h"
int main(void) {
  sigset_t all;
  bound_seconds(10);
  for (int i = 1; i < 65; ++i) signal(i, SIG_IGN);
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  outstay();
}
