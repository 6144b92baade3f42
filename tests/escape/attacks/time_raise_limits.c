/* attack: time_raise_limits
 * tries: raises its hard limits, one after the other
 * must: each is refused
 * why: a limit the program can lift is none
 * layer: rlimits, no capabilities
 * without: rlimits
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  int which[] = {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_STACK, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_MEMLOCK};
  for (int i = 0; i < 6; ++i) {
    struct rlimit limit, more;
    char how[64];
    getrlimit(which[i], &limit);
    snprintf(how, sizeof how, "resource %d: hard limit raised", which[i]);
    try_must_fail(limit.rlim_max == RLIM_INFINITY, how);
    more.rlim_cur = more.rlim_max = limit.rlim_max + 1;
    try_must_fail(setrlimit(which[i], &more) == 0, how);
    more.rlim_cur = more.rlim_max = RLIM_INFINITY;
    try_must_fail(prlimit(0, which[i], &more, NULL) == 0, how);
  }
  return verdict();
}
