/* attack: time_priority
 * tries: asks for a better share of the machine: negative nice, real-time and deadline scheduling, I/O priority, uclamp
 * must: each is refused
 * why: a real-time task starves the supervisor
 * layer: no capabilities, seccomp
 * without: seccomp caps rlimits
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
struct attr { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t runtime, deadline, period; };
int main(void) {
  struct sched_param best = {1};
  struct attr attr = {sizeof attr, SCHED_DEADLINE, 0, 0, 0, 1000000, 10000000, 10000000};
  MUST_FAIL(setpriority(PRIO_PROCESS, 0, -1));
  MUST_FAIL(sched_setscheduler(0, SCHED_FIFO, &best));
  MUST_FAIL(sched_setscheduler(0, SCHED_RR, &best));
  MUST_FAIL(syscall(SYS_sched_setattr, 0, &attr, 0));
  MUST_FAIL(syscall(SYS_ioprio_set, 1, 0, (1 << 13) | 0));
  return verdict();
}
