// One thing a program could try. It ends with 0 when that worked, with the errno when it was refused.
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/// -1 with errno when refused.
static long attempt(void);

int main(void) { _exit(attempt() == -1 ? errno : 0); }
