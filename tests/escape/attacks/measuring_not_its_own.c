/* attack: measuring_not_its_own
 * tries: does nothing
 * must: hardly any CPU time, hardly any memory
 * why: an innocent program charged with the supervisor's memory and the time before its exec: the reverse attack
 * layer: measuring
 * breach: evaded
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","cpu_time":{"ns":{"at_most":100000000}},"peak_memory":{"bytes":{"at_most":6291456}}}
 */
#include "attack.h"
int main(void) {}
