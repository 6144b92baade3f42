// A socket to the kernel.
#include <sys/socket.h>
#include "attempt.h"

static long attempt(void) { return socket(AF_NETLINK, SOCK_RAW, 0); }
