// A socket to whoever listens in the file tree.
#include <sys/socket.h>
#include "attempt.h"

static long attempt(void) { return socket(AF_UNIX, SOCK_STREAM, 0); }
