// Listing a folder.
#include <fcntl.h>
#include "attempt.h"

static long attempt(void) {
  char text[4096];
  return syscall(SYS_getdents64, open("/", O_RDONLY | O_DIRECTORY), text, sizeof text);
}
