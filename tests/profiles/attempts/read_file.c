// Reading a file of the box.
#include <fcntl.h>
#include "attempt.h"

static long attempt(void) { return open("/etc/passwd", O_RDONLY); }
