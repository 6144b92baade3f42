/* attack: collect_through_linked_directory
 * tries: makes the directory on the way a link to /etc
 * must: FE not_regular
 * why: S6 compiler-explorer#6026: only the last component was looked at
 * layer: O_NOFOLLOW walk
 * without: collect
 * bounds: processes=1 bytes=65536 seconds=2
 * spec: {"collect":["dir/passwd"]}
 * expect: {"status":"FE","reason":"copy_out_not_regular","files":{"dir/passwd":{"error":"not_regular"}}}
 */
#include "attack.h"
int main(void) {
  symlink("/etc", "dir");
}
