/* attack: protocol_exit_127
 * tries: exits 127
 * must: RE exit 127, not exec_failed
 * why: isolate and shells say 127 for "not found"
 * layer: judge
 * without: judge
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"RE","reason":"exit","reason_detail":null,"exit_code":127}
 */
#include "attack.h"
int main(void) {
  return 127;
}
