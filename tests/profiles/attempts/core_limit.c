// Switching core dumps on: success is pretended, the limit stays.
#include <sys/resource.h>
#include "attempt.h"

static long attempt(void) {
  struct rlimit limit = {0, 0};
  if (setrlimit(RLIMIT_CORE, &limit) != 0) return -1;
  getrlimit(RLIMIT_CORE, &limit);
  errno = ECANCELED;
  return limit.rlim_cur == 1 ? 0 : -1;
}
