/* attack: processes_fork_while_dying
 * tries: exits while its children fork as fast as they can
 * must: nothing survives the kill
 * why: S21: kill -9 in a loop loses this race
 * layer: keeper kill
 * without: kill
 * breach: escaped
 * bounds: processes=48 bytes=8388608 seconds=8
 * spec: {"limits":{"processes":48,"cpu_time_ms":8000}}
 * expect: {"status":"OK","stdout":{"text":"contained\n"},"residue":{"processes_killed":{"at_least":1}}}
 */
#include "attack.h"
int main(void) {
  bound_seconds(8);
  for (int i = 0; i < 6; ++i) {
    if (fork() == 0) {
      setsid();
      while (within_bounds()) {
        if (fork() == 0 && fork() == 0) setsid();
        usleep(100);
      }
      _exit(0);
    }
  }
  usleep(100000);
  puts("contained");
  fflush(stdout);
  _exit(0);
}
