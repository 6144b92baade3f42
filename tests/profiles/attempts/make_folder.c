// Making a folder.
#include <sys/stat.h>
#include "attempt.h"

static long attempt(void) { return mkdir("folder", 0700); }
