/* attack: time_ignore_sigxcpu
 * tries: ignores or catches every signal there is, raises its soft RLIMIT_CPU, and burns CPU
 * must: TLE cpu
 * why: a limit that rests on SIGXCPU or SIGTERM is a request
 * layer: cpu timer
 * without: cpu
 * bounds: processes=1 bytes=4096 seconds=6
 * spec: {"limits":{"cpu_time_ms":500}}
 * expect: {"status":"TLE","reason":"cpu","signal":9,"killed_by":"supervisor","cpu_time":{"ns":{"at_least":500000000,"at_most":1500000000}}}
 */
#include "attack.h"
int main(void) {
  struct rlimit limit;
  sigset_t all;
  bound_seconds(6);
  for (int i = 1; i < 65; ++i) signal(i, SIG_IGN);
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  getrlimit(RLIMIT_CPU, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_CPU, &limit);
  burn();
}
