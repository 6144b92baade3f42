// Locking a file.
#include <fcntl.h>
#include <sys/file.h>
#include "attempt.h"

static long attempt(void) { return flock(open("old", O_RDONLY), LOCK_SH); }
