// Emptying a file that is opened for reading only.
#include <fcntl.h>
#include "attempt.h"

static long attempt(void) { return open("old", O_RDONLY | O_TRUNC); }
