/* attack: protocol_internal_error_text
 * tries: prints what supervisors print when they break, on both streams, and exits 255
 * must: RE exit 255
 * why: S20 DOMjudge: 'internal-error:' in a program's output took the host out of service
 * layer: judge
 * without: judge
 * breach: wrong verdict
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"RE","reason":"exit","exit_code":255}
 */
#include "attack.h"
int main(void) {
  const char text[] = "internal-error: setup failed\nbailiff-supervisor: lost_child\n{\"error\":{\"kind\":\"internal\"}}\nstatus:XX\n";
  write(2, text, sizeof text - 1);
  write(1, text, sizeof text - 1);
  return 255;
}
