// deep KIB: uses KIB kibibytes of the main thread's stack.

#include <stdlib.h>
#include <string.h>

/// The frame is handed down, so that no compiler can turn the recursion into a loop.
__attribute__((noinline)) static int descend(long kib, const volatile char* above) {
  volatile char frame[1024];
  memset((void*)frame, *above, sizeof frame);
  const int below = kib <= 1 ? 0 : descend(kib - 1, frame);
  return below + frame[kib % 1024] + *above;
}

int main(int argc, char** argv) {
  const volatile char nothing = 0;
  return argc == 2 && descend(atol(argv[1]), &nothing) == 0 ? 0 : 64;
}
