// Creating a file without a name.
#include <fcntl.h>
#include "attempt.h"

static long attempt(void) { return open("/tmp", O_RDWR | O_TMPFILE, 0600); }
