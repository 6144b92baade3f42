/* attack: processes_subreaper
 * tries: becomes the reaper of its descendants and leaves orphans
 * must: they are killed and counted all the same
 * why: PR_SET_CHILD_SUBREAPER keeps orphans away from pid 1
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
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (fork() == 0) {
    if (fork() == 0) {
      write(ready[1], "x", 1);
      outstay();
    }
    _exit(0);
  }
  wait(NULL);
  read(ready[0], &byte, 1);
  return verdict();
}
