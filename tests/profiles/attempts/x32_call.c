// A call by the x32 numbers.
#include "attempt.h"

static long attempt(void) { return syscall(0x40000000 | SYS_getpid); }
