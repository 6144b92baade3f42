#include <stdio.h>

int main(void) {
  puts("Hello from the box");
  return 0;
}
