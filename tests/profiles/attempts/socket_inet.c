// A socket to the network.
#include <sys/socket.h>
#include "attempt.h"

static long attempt(void) { return socket(AF_INET, SOCK_STREAM, 0); }
