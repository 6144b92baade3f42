/* attack: signals_flood_by_dying
 * tries: floods pid 1 with SIGCHLD: hundreds of orphans that die at once
 * must: the result is intact and on time
 * why: S33: the supervisor is busy, not the program
 * layer: keeper
 * bounds: processes=16 bytes=65536 seconds=12
 * spec: {"limits":{"cpu_time_ms":15000,"wall_time_ms":20000}}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  for (int i = 0; i < 600; ++i) {
    pid_t pid = fork();
    if (pid == 0) {
      if (fork() == 0) _exit(0);
      _exit(0);
    }
    if (pid > 0) waitpid(pid, NULL, 0);
  }
  return verdict();
}
