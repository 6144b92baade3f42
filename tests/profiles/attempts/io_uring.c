// A ring of requests, which no filter sees.
#include "attempt.h"

static long attempt(void) {
  char parameters[120] = {0};
  return syscall(SYS_io_uring_setup, 1, parameters);
}
