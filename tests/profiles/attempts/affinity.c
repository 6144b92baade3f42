// Moving to another processor.
#include <sched.h>
#include "attempt.h"

static long attempt(void) {
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  return sched_setaffinity(0, sizeof set, &set);
}
