/* attack: privilege_unknown_calls
 * tries: makes system calls with numbers nobody knows
 * must: ENOSYS for each
 * why: S17: a filter older than the kernel lets the new calls through
 * layer: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  int numbers[] = {471, 480, 500, 511, 548, 600, 1000, 4096, 65536, 0x3fffffff};
  char how[64];
  for (int i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
    errno = 0;
    long rc = syscall(numbers[i], 0, 0, 0, 0, 0, 0);
    snprintf(how, sizeof how, "call %d gave %ld, errno %d", numbers[i], rc, errno);
    try_must_fail(rc != -1 || errno != ENOSYS, how);
  }
  return verdict();
}
