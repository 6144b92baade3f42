/* attack: disk_raise_sigxfsz
 * tries: raises SIGXFSZ without any large file
 * must: RE signal 25, not OLE
 * why: R6
 * layer: judge
 * without: judge
 * breach: wrong verdict
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"RE","reason":"signal","signal":25,"limits_exceeded":[]}
 */
#include "attack.h"
int main(void) {
  raise(SIGXFSZ);
}
