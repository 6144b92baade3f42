// idle [MS]: sleeps, for ever or that long.

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 2) {
    for (;;) pause();
  }
  const long ms = atol(argv[1]);
  const struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  return nanosleep(&time, NULL) == 0 ? 0 : 65;
}
