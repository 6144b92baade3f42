/* attack: collect_unreadable
 * tries: takes all permissions from its file and directory
 * must: collected all the same: the supervisor needs none
 * why: a program that can make its output uncollectable chooses its verdict
 * layer: collect as root
 * bounds: processes=1 bytes=65536 seconds=2
 * spec: {"collect":["dir/out.txt"]}
 * expect: {"status":"OK","files":{"dir/out.txt":{"text":"x"}}}
 */
#include "attack.h"
int main(void) {
  mkdir("dir", 0755);
  make_file("dir/out.txt", "x");
  chmod("dir/out.txt", 0);
  chmod("dir", 0);
  chmod(".", 0);
}
