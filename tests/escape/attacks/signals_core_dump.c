/* attack: signals_core_dump
 * tries: dies with a core dump, having asked for a large one
 * must: no core anywhere, no core_pattern helper
 * why: S30: a piped core_pattern runs as root on the host and stores the guest's memory
 * layer: rlimit core, seccomp
 * without: core
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY}, zero = {0, 0};
  int status;
  setrlimit(RLIMIT_CORE, &unlimited);
  setrlimit(RLIMIT_CORE, &zero);
  prlimit(0, RLIMIT_CORE, &zero, &unlimited);
  getrlimit(RLIMIT_CORE, &zero);
  try_must_fail(zero.rlim_cur != 1 || zero.rlim_max != 1, "RLIMIT_CORE was changed");
  pid_t pid = fork();
  if (pid == 0) abort();
  waitpid(pid, &status, 0);
  try_must_fail(WCOREDUMP(status), "a core was dumped");
  try_must_fail(access("core", F_OK) == 0, "there is a core file");
  return verdict();
}
