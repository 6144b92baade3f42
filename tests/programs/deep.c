// deep KIB: uses KIB kibibytes of the main thread's stack.

#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) static int descend(long kib) {
  volatile char frame[1024];
  memset((void*)frame, 1, sizeof frame);
  return kib <= 1 ? frame[0] : descend(kib - 1) + frame[0] - frame[1];
}

int main(int argc, char** argv) { return argc == 2 && descend(atol(argv[1])) == 1 ? 0 : 64; }
