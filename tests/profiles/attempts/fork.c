// A second process.
#include "attempt.h"

static long attempt(void) { return syscall(SYS_fork); }
