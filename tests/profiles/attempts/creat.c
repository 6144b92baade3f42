// Creating a file by a call with no flags.
#include <fcntl.h>
#include "attempt.h"

static long attempt(void) { return syscall(SYS_creat, "new", 0600); }
