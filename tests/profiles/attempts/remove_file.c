// Removing a file.
#include "attempt.h"

static long attempt(void) { return unlink("old"); }
