// Creating a file.
#include <fcntl.h>
#include "attempt.h"

static long attempt(void) { return open("new", O_RDWR | O_CREAT, 0600); }
