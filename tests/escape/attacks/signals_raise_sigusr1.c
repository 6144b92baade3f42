/* attack: signals_raise_sigusr1
 * tries: raises SIGUSR1
 * must: RE signal 10
 * why: S19: QDUOJ said SYSTEM_ERROR
 * layer: judge
 * without: judge
 * breach: wrong verdict
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"RE","reason":"signal","signal":10}
 */
#include "attack.h"
int main(void) {
  raise(SIGUSR1);
}
