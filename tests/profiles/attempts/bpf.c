// A program for the kernel.
#include "attempt.h"

static long attempt(void) { return syscall(SYS_bpf, 0, NULL, 0); }
