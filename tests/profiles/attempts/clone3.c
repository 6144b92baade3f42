// A process whose flags no filter can read.
#include "attempt.h"

static long attempt(void) { return syscall(SYS_clone3, NULL, 0); }
