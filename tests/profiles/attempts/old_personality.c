// Old compatibility code.
#include <sys/personality.h>
#include "attempt.h"

static long attempt(void) { return personality(READ_IMPLIES_EXEC); }
