/* attack: signals_raise_sigsys
 * tries: raises SIGSYS
 * must: RE signal 31, not a violation
 * why: R6: only a record proves a violation
 * layer: judge
 * without: judge
 * breach: wrong verdict
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"RE","reason":"signal","signal":31,"violation":null}
 */
#include "attack.h"
int main(void) {
  raise(SIGSYS);
}
