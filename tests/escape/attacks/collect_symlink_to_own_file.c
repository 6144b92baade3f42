/* attack: collect_symlink_to_own_file
 * tries: leaves a link to a good file of its own
 * must: FE not_regular
 * why: a link that is followed once is followed anywhere
 * layer: O_NOFOLLOW walk
 * without: collect
 * bounds: processes=1 bytes=65536 seconds=2
 * spec: {"collect":["out.txt"]}
 * expect: {"status":"FE","reason":"copy_out_not_regular","files":{"out.txt":{"error":"not_regular"}}}
 */
#include "attack.h"
int main(void) {
  make_file("real.txt", "x");
  symlink("real.txt", "out.txt");
}
