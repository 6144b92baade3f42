// copy: standard input to standard output; input that begins with "burn" never ends.
// copy BYTES: a compiler that fails: as many letters to standard error, then exit code 1.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  if (argc > 1) {
    static char buffer[65536];
    setvbuf(stderr, buffer, _IOFBF, sizeof buffer);
    for (long left = atol(argv[1]); left > 0; --left) fputc('x', stderr);
    return 1;
  }
  static char bytes[65536];
  size_t got = fread(bytes, 1, sizeof bytes, stdin);
  if (got >= 4 && memcmp(bytes, "burn", 4) == 0) {
    for (volatile long i = 0;; ++i) continue;
  }
  do fwrite(bytes, 1, got, stdout);
  while ((got = fread(bytes, 1, sizeof bytes, stdin)) > 0);
  return 0;
}
