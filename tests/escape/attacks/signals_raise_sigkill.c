/* attack: signals_raise_sigkill
 * tries: kills itself with SIGKILL
 * must: RE signal 9, neither TLE nor MLE
 * why: R6: a SIGKILL proves no out-of-memory
 * layer: judge
 * without: judge
 * breach: wrong verdict
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"RE","reason":"signal","signal":9,"killed_by":"unknown","limits_exceeded":[]}
 */
#include "attack.h"
int main(void) {
  kill(getpid(), SIGKILL);
}
