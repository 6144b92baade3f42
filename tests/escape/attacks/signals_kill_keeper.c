/* attack: signals_kill_keeper
 * tries: sends every signal to pid 1, its parent, by kill, sigqueue, tgkill, pidfd
 * must: refused, the result intact
 * why: pid 1 holds the result
 * layer: uid
 * without: uid
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  union sigval value = {42};
  for (int i = 0; i < 65; ++i) {
    MUST_FAIL(kill(1, i));
    MUST_FAIL(kill(getppid() ? getppid() : 1, i));
    MUST_FAIL(sigqueue(1, i, value));
    MUST_FAIL(syscall(SYS_tgkill, 1, 1, i));
  }
  int pidfd = syscall(SYS_pidfd_open, 1, 0);
  try_must_fail(pidfd >= 0 && syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) == 0, "pidfd_send_signal to pid 1");
  return verdict();
}
