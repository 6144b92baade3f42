/* Takes memory and uses it, a mebibyte at a time. */
#include <stdlib.h>
#include <string.h>

int main(void) {
  for (;;) {
    void* piece = malloc(1 << 20);
    if (piece == NULL) return 1;
    memset(piece, 1, 1 << 20);
  }
}
