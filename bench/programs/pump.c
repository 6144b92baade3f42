// pump in: reads its input to the end.    pump out BYTES: writes as many.    pump through: copies input to output.

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char block[1 << 17];

static int put(size_t size) {
  for (size_t at = 0; at < size;) {
    const ssize_t wrote = write(1, block + at, size - at);
    if (wrote <= 0) return 0;
    at += (size_t)wrote;
  }
  return 1;
}

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  if (!strcmp(argv[1], "out")) {
    size_t left = argc < 3 ? 0 : (size_t)atoll(argv[2]);
    memset(block, 'x', sizeof block);
    while (left > 0) {
      const size_t part = left < sizeof block ? left : sizeof block;
      if (!put(part)) return 65;
      left -= part;
    }
    return 0;
  }
  for (ssize_t got; (got = read(0, block, sizeof block)) != 0;) {
    if (got < 0) return 66;
    if (!strcmp(argv[1], "through") && !put((size_t)got)) return 65;
  }
  return 0;
}
