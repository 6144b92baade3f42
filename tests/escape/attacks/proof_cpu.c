/* attack: proof_cpu
 * tries: burns CPU for ten seconds, thirty times as long as allowed
 * must: TLE cpu
 * why: burners are tried only where this has been seen to hold
 * layer: cpu timer
 * without: cpu
 * bounds: processes=1 bytes=4096 seconds=10
 * spec: {"limits":{"cpu_time_ms":300}}
 * expect: {"status":"TLE","reason":"cpu","killed_by":"supervisor","cpu_time":{"ns":{"at_least":300000000}}}
 */
#include "attack.h"
int main(void) {
  bound_seconds(10);
  burn();
}
