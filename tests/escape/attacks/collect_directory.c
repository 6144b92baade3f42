/* attack: collect_directory
 * tries: leaves a directory
 * must: FE not_regular
 * why: S5
 * layer: O_NOFOLLOW walk
 * without: collect
 * breach: wrong verdict
 * bounds: processes=1 bytes=65536 seconds=2
 * spec: {"collect":["out.txt"]}
 * expect: {"status":"FE","reason":"copy_out_not_regular","files":{"out.txt":{"error":"not_regular"}}}
 */
#include "attack.h"
int main(void) {
  mkdir("out.txt", 0755);
}
