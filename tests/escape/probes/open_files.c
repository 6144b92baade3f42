/* open_files PATH…: tries to reach each, by its name, from the root of pid 1, with .. in front. */
#include "attack.h"
int main(int argc, char **argv) {
  const char *from[] = {"", "/proc/1/root", "/proc/self/root/..", "/proc/self/cwd/../..", "/box/../../..", "/.scratch/..", "/dev/fd/.."};
  char path[8192];
  struct stat status;
  for (int i = 1; i < argc; ++i) {
    for (int k = 0; k < sizeof from / sizeof *from; ++k) {
      snprintf(path, sizeof path, "%s%s", from[k], argv[i]);
      try_must_fail(lstat(path, &status) == 0 || open(path, O_RDONLY | O_NONBLOCK) >= 0, path);
    }
  }
  return verdict();
}
