/* attack: time_raise_sigxcpu
 * tries: raises SIGXCPU without having used any CPU
 * must: RE signal 24, never TLE
 * why: S19: DOMjudge, lrun and go-sandbox took it for a time limit
 * layer: judge
 * without: judge
 * breach: wrong verdict
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"RE","reason":"signal","signal":24,"limits_exceeded":[]}
 */
#include "attack.h"
int main(void) {
  raise(SIGXCPU);
}
