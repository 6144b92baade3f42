/* attack: processes_daemon
 * tries: leaves a daemon behind: double fork, setsid, every descriptor closed
 * must: OK; the daemon is dead and counted
 * why: S21 pc2#810, sandlock#252: setsid escapes a kill of the process group
 * layer: keeper kill
 * without: kill
 * breach: escaped
 * bounds: processes=3 bytes=65536 seconds=12
 * expect: {"status":"OK","stdout":{"text":"contained\n"},"residue":{"processes_killed":1}}
 */
#include "attack.h"
int main(void) {
  int ready[2];
  char byte;
  pipe(ready);
  bound_seconds(12);
  if (fork() == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    chdir("/");
    write(ready[1], "x", 1);
    for (int fd = 0; fd < 64; ++fd) close(fd);
    outstay();
    _exit(0);
  }
  wait(NULL);
  read(ready[0], &byte, 1);
  return verdict();
}
