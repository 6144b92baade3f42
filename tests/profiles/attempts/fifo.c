// A named pipe.
#include <sys/stat.h>
#include "attempt.h"

static long attempt(void) { return mkfifo("fifo", 0600); }
