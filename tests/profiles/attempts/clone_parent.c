// A process that is the keeper's child, not the program's.
#include <sched.h>
#include <signal.h>
#include "attempt.h"

static long attempt(void) { return syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0); }
