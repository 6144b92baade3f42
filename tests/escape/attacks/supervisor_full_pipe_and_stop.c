/* attack: supervisor_full_pipe_and_stop
 * tries: fills its output pipes to the brim and stops all of its processes
 * must: TLE wall or OLE, on time
 * why: blocked and stopped: nothing moves that could be waited for
 * layer: wall
 * without: wall
 * breach: evaded
 * bounds: processes=3 bytes=1048576 seconds=12
 * spec: {"limits":{"wall_time_ms":1000}}
 * expect: {"status":["TLE","OLE"],"wall_time":{"ns":{"at_most":8000000000}}}
 */
#include "attack.h"
int main(void) {
  static char block[4096];
  bound_seconds(12);
  fcntl(1, F_SETFL, O_NONBLOCK);
  fcntl(2, F_SETFL, O_NONBLOCK);
  for (int i = 0; i < 8; ++i) {
    write(1, block, sizeof block);
    write(2, block, sizeof block);
  }
  fork();
  kill(0, SIGSTOP);
  outstay();
}
