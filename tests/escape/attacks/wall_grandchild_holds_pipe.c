/* attack: wall_grandchild_holds_pipe
 * tries: exits at once; a grandchild in its own session keeps standard output open and sleeps
 * must: OK at once, the grandchild killed and counted
 * why: a supervisor that reads to the end of the pipe waits for it
 * layer: keeper kill
 * without: kill
 * bounds: processes=3 bytes=65536 seconds=12
 * expect: {"status":"OK","stdout":{"text":"done\n"},"residue":{"processes_killed":1},"wall_time":{"ns":{"at_most":8000000000}}}
 */
#include "attack.h"
int main(void) {
  bound_seconds(12);
  puts("done");
  fflush(stdout);
  if (fork() == 0) {
    setsid();
    if (fork() == 0) outstay();
    _exit(0);
  }
  wait(NULL);
}
