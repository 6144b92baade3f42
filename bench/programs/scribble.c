// scribble: leaves a file in each place a program may write to, so that the box has to be made as it was before.

#include <fcntl.h>
#include <unistd.h>

int main(void) {
  const char* const names[] = {"/box/left", "/tmp/left", "/dev/shm/left"};
  for (int i = 0; i < 3; ++i) {
    const int file = open(names[i], O_WRONLY | O_CREAT, 0644);
    if (file < 0 || write(file, names[i], 4) != 4) return 65;
    close(file);
  }
  return 0;
}
