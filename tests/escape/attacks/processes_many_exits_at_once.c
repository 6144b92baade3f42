/* attack: processes_many_exits_at_once
 * tries: a tree of processes all of which exit with different codes in the same moment
 * must: the exit code is the program's own
 * why: an exit status taken from whoever is reaped first
 * layer: keeper
 * bounds: processes=15 bytes=1048576 seconds=2
 * expect: {"status":"RE","reason":"exit","exit_code":7}
 */
#include "attack.h"
int main(void) {
  for (int i = 0; i < 14; ++i) {
    if (fork() == 0) {
      usleep(20000);
      _exit(100 + i);
    }
  }
  usleep(20000);
  _exit(7);
}
