/* attack: signals_inherited_state
 * tries: looks for what a careless supervisor lets it inherit: blocked or ignored signals, umask, timers, nice, personality
 * must: all is as new
 * why: S32: an ignored SIGPIPE or a blocked SIGALRM changes what programs do
 * layer: keeper
 * without: clean
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/personality.h>
int main(void) {
  sigset_t blocked;
  struct sigaction action;
  struct itimerval timer;
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  for (int i = 1; i < 65; ++i) {
    try_must_fail(sigismember(&blocked, i) == 1, "a signal is blocked");
    if (sigaction(i, NULL, &action) == 0) try_must_fail(action.sa_handler != SIG_DFL, "a signal is ignored or handled");
  }
  try_must_fail(umask(0) != 022, "umask");
  getitimer(ITIMER_REAL, &timer);
  try_must_fail(timer.it_value.tv_sec != 0, "a timer runs");
  errno = 0;
  try_must_fail(getpriority(PRIO_PROCESS, 0) != 0, "nice");
  try_must_fail(personality(0xffffffff) > 0, "personality"); /* gVisor does not tell: -1 */
  try_must_fail(getsid(0) != getpid() || getpgrp() != getpid(), "not a session of its own");
  return verdict();
}
