/* attack: protocol_late_output
 * tries: leaves a process that writes to the output again and again after the program has ended
 * must: no byte of it in the result once the run is over, and the program's own all there
 * why: an answer that changes after the end
 * layer: keeper kill
 * without: kill
 * breach: escaped
 * bounds: processes=3 bytes=65536 seconds=12
 * expect: {"status":"OK","stdout":{"text":"answer\n"},"residue":{"processes_killed":1}}
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
    write(ready[1], "x", 1);
    usleep(1500000);
    while (within_bounds()) {
      write(1, "ESCAPED: late\n", 14);
      usleep(100000);
    }
    _exit(0);
  }
  wait(NULL);
  read(ready[0], &byte, 1);
  puts("answer");
}
