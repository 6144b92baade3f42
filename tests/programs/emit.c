// emit STREAM BYTES: writes exactly BYTES letters to standard output (STREAM 1) or standard error (2).
// emit STREAM BYTES binary: bytes of every value instead, 0 first.

#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  static char block[65536];
  for (size_t i = 0; i < sizeof block; ++i) block[i] = argc > 3 ? (char)i : 'x';
  for (size_t left = (size_t)atoll(argv[2]); left > 0;) {
    const ssize_t wrote = write(atoi(argv[1]), block, left < sizeof block ? left : sizeof block);
    if (wrote <= 0) return 65;
    left -= (size_t)wrote;
  }
  return 0;
}
