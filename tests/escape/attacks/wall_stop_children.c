/* attack: wall_stop_children
 * tries: stops its children and waits for them
 * must: TLE wall
 * why: a stopped process gets no SIGTERM
 * layer: wall
 * without: wall
 * bounds: processes=6 bytes=1048576 seconds=10
 * spec: {"limits":{"wall_time_ms":700}}
 * expect: {"status":"TLE","reason":"wall","killed_by":"supervisor"}
 */
#include "attack.h"
int main(void) {
  for (int i = 0; i < 5; ++i) {
    if (fork() == 0) {
      raise(SIGSTOP);
      _exit(0);
    }
  }
  while (wait(NULL) > 0) {}
}
