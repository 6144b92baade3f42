// A call of a kernel to come.
#include "attempt.h"

static long attempt(void) { return syscall(900); }
