// Writing a file that is there.
#include <fcntl.h>
#include "attempt.h"

static long attempt(void) { return open("old", O_WRONLY); }
