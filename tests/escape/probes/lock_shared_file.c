/* lock_shared_file hold|look PATH SECONDS: locks a file that every box shows, or looks whether somebody has. */
#include "attack.h"
#include <sys/file.h>
int main(int argc, char **argv) {
  struct flock range = {F_RDLCK, SEEK_SET, 0, 0};
  int fd = open(argv[2], O_RDONLY);
  if (fd < 0) return 3;
  bound_seconds(atof(argv[3]));
  if (strcmp(argv[1], "hold") == 0) {
    flock(fd, LOCK_EX);
    puts("offered");
    fflush(stdout);
    outstay();
    return 0;
  }
  try_must_fail(flock(fd, LOCK_EX | LOCK_NB) != 0, "the lock is held by somebody else");
  return verdict();
}
