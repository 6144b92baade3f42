/* attack: collect_symlink
 * tries: leaves a symbolic link to /etc/passwd where a file is to be collected
 * must: FE not_regular
 * why: S1 Judge0 CVE-2024-28185, S5 go-judge#176
 * layer: O_NOFOLLOW walk
 * without: collect
 * bounds: processes=1 bytes=65536 seconds=2
 * spec: {"collect":["out.txt"]}
 * expect: {"status":"FE","reason":"copy_out_not_regular","files":{"out.txt":{"error":"not_regular"}}}
 */
#include "attack.h"
int main(void) {
  symlink("/etc/passwd", "out.txt");
}
