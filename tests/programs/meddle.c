// meddle FILE: writes what is in FILE to every descriptor from 0 to 1023 it might have, fills its standard output and
// error until they take no more, and dies in the middle of it.

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char** argv) {
  static char text[4096], block[4096];
  if (argc < 2) return 64;
  const int file = open(argv[1], O_RDONLY);
  const ssize_t length = read(file, text, sizeof text);
  close(file);
  if (length <= 0) return 65;
  signal(SIGPIPE, SIG_IGN);
  for (int fd = 0; fd < 1024; ++fd) (void)!write(fd, text, (size_t)length);
  memset(block, 'B', sizeof block);
  for (int fd = 1; fd <= 2; ++fd) {
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 64; ++i) (void)!write(fd, block, sizeof block);
  }
  raise(SIGKILL);
}
