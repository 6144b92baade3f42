// Tracing.
#include <sys/ptrace.h>
#include "attempt.h"

static long attempt(void) { return ptrace(PTRACE_TRACEME, 0, 0, 0); }
