// Another root.
#include "attempt.h"

static long attempt(void) { return chroot("/tmp"); }
