// A set of descriptors to wait for.
#include <sys/epoll.h>
#include "attempt.h"

static long attempt(void) { return epoll_create1(0); }
