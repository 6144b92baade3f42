// A keyring.
#include "attempt.h"

static long attempt(void) { return syscall(SYS_keyctl, 0, -3, 1); }
