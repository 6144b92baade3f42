/* attack: collect_swapped
 * tries: a process left behind swaps the file to be collected for a link to /etc/passwd and back, as fast as it can
 * must: what is collected is the file's content, or nothing
 * why: symlink races: looked at first, opened after
 * layer: keeper kill, O_NOFOLLOW walk
 * without: kill collect
 * breach: leaked
 * bounds: processes=3 bytes=65536 seconds=12
 * spec: {"collect":["out.txt"]}
 * expect: {"status":["OK","FE"],"files":{"out.txt":{"lacks":"root:"}}}
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
    for (int i = 0; within_bounds(); ++i) {
      unlink("new");
      if (i % 2) make_file("new", "good");
      else symlink("/etc/passwd", "new");
      rename("new", "out.txt");
      if (i == 10) write(ready[1], "x", 1);
    }
    _exit(0);
  }
  wait(NULL);
  read(ready[0], &byte, 1);
}
