/* attack: filesystem_scratch
 * tries: reaches for the supervisor's own view of the writable tree, /.scratch
 * must: refused
 * why: through it the places could be moved against each other
 * layer: permissions
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  MUST_FAIL(open("/.scratch", O_RDONLY));
  MUST_FAIL(chdir("/.scratch"));
  MUST_FAIL(access("/.scratch/box", F_OK));
  MUST_FAIL(rename("/.scratch/box", "/.scratch/tmp/box"));
  MUST_FAIL(chmod("/.scratch", 0777));
  return verdict();
}
