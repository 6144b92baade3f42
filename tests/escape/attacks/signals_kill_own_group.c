/* attack: signals_kill_own_group
 * tries: kill(0, SIGKILL): its whole process group
 * must: RE signal 9, killed by nobody of ours
 * why: a supervisor in the same group dies with it
 * layer: setsid
 * without: session uid pid
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"RE","reason":"signal","signal":9,"killed_by":"unknown"}
 */
#include "attack.h"
int main(void) {
  fork();
  kill(0, SIGKILL);
}
