// Raising the stack limit as far as may be.
#include <sys/resource.h>
#include "attempt.h"

static long attempt(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_STACK, &limit);
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_STACK, &limit);
}
