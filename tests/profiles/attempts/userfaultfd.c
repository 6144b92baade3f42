// Handling page faults of the kernel.
#include "attempt.h"

static long attempt(void) { return syscall(SYS_userfaultfd, 1); }
