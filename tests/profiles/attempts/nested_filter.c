// A filter of its own.
#include <linux/seccomp.h>
#include "attempt.h"

static long attempt(void) {
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(unsigned){SECCOMP_RET_KILL_PROCESS});
}
