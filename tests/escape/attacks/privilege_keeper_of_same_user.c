/* attack: privilege_keeper_of_same_user
 * tries: does to pid 1, the keeper, what the kernel allows between processes of one user: limits, priority, signals
 * must: refused
 * why: without root the keeper and the program have the same user outside; RLIMIT_CPU would end the keeper
 * layer: another user id, or the filter in front of the profile
 * bounds: processes=1 bytes=65536 seconds=3
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <linux/ioprio.h>
int main(void) {
  const struct rlimit none = {0, 0};
  const struct sched_param lowest = {0};
  MUST_FAIL(prlimit(1, RLIMIT_CPU, &none, NULL));
  MUST_FAIL(prlimit(1, RLIMIT_NOFILE, &none, NULL));
  MUST_FAIL(setpriority(PRIO_PROCESS, 1, 19));
  MUST_FAIL(sched_setscheduler(1, SCHED_IDLE, &lowest));
  MUST_FAIL(sched_setparam(1, &lowest));
  MUST_FAIL(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 1, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)));
  MUST_FAIL(syscall(SYS_tgkill, 1, 1, SIGRTMIN));
  MUST_FAIL(kill(1, SIGCHLD));
  setpriority(PRIO_USER, 0, 5); /* of all of the user: of its own, this may be done */
  syscall(SYS_ioprio_set, IOPRIO_WHO_USER, getuid(), IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
  errno = 0;
  try_must_fail(getpriority(PRIO_PROCESS, 1) == 5, "the keeper's priority is ours");
  try_must_fail(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 1) == IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0),
                "the keeper's I/O priority is ours");
  return verdict();
}
