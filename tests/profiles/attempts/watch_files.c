// Watching files.
#include <sys/inotify.h>
#include "attempt.h"

static long attempt(void) { return inotify_init1(0); }
