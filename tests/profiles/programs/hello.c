// Reads numbers, sorts them in malloc'ed memory, prints them: what any C program does.
#include <stdio.h>
#include <stdlib.h>

static int compare(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }

int main(void) {
  int count = 0, room = 4, number;
  int* numbers = malloc(sizeof *numbers * (size_t)room);
  while (scanf("%d", &number) == 1) {
    if (count == room) numbers = realloc(numbers, sizeof *numbers * (size_t)(room *= 2));
    numbers[count++] = number;
  }
  qsort(numbers, (size_t)count, sizeof *numbers, compare);
  char* large = calloc(1, 64 << 20);  // from mmap
  large[1 << 20] = 1;
  large = realloc(large, 80 << 20);  // by mremap
  for (int i = 0; i < count; ++i) printf("%d%c", numbers[i], i + 1 < count ? ' ' : '\n');
  free(large);
  return large == NULL;
}
