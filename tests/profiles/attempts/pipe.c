// A pipe.
#include "attempt.h"

static long attempt(void) {
  int fds[2];
  return syscall(SYS_pipe2, fds, 0);
}
