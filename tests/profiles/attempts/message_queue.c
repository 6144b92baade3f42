// A message queue of System V.
#include <sys/ipc.h>
#include <sys/msg.h>
#include "attempt.h"

static long attempt(void) { return msgget(IPC_PRIVATE, 0600); }
