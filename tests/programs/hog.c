// hog WHERE MIB [HOLD_MS]: takes MIB mebibytes, holds them for HOLD_MS, and exits with 0.
//
//   main     in the program itself
//   child    in its only child
//   apart    in eight children, MIB each
//   shared   in the program, and its eight children look at every page: MIB together, though each shows MIB
//   /PATH    in a file of that name

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned char* take(size_t bytes) {
  unsigned char* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) _exit(65);
  for (size_t at = 0; at < bytes; at += 4096) memory[at] = 1;
  return memory;
}

static void hold(long ms) {
  struct timespec left = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&left, &left) < 0) {
  }
}

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  const char* where = argv[1];
  const size_t bytes = (size_t)atol(argv[2]) << 20;
  const long ms = argc > 3 ? atol(argv[3]) : 0;

  if (where[0] == '/') {
    const int file = open(where, O_WRONLY | O_CREAT, 0644);
    static char block[65536];
    memset(block, 1, sizeof block);
    for (size_t at = 0; at < bytes; at += sizeof block) {
      if (write(file, block, sizeof block) != sizeof block) return 66;
    }
    hold(ms);
    return 0;
  }
  const int children = !strcmp(where, "child") ? 1 : !strcmp(where, "main") ? 0 : 8;
  const int before = children == 0 || !strcmp(where, "shared");
  volatile unsigned char* memory = bytes > 0 && before ? take(bytes) : NULL;
  for (int i = 0; i < children; ++i) {
    if (fork() != 0) continue;
    if (before) {
      unsigned sum = 0;
      for (size_t at = 0; at < bytes; at += 4096) sum += memory[at];
    } else {
      take(bytes);
    }
    hold(ms);
    _exit(0);
  }
  if (children == 0) hold(ms);
  while (wait(NULL) > 0) {
  }
  return 0;
}
