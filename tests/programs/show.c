// show: writes its arguments, its environment and its directory, each closed by NUL: "A…" "E…" "D…".

#include <stdio.h>
#include <unistd.h>

extern char** environ;

int main(int argc, char** argv) {
  char directory[4096];
  for (int i = 0; i < argc; ++i) printf("A%s%c", argv[i], 0);
  for (char** entry = environ; *entry != NULL; ++entry) printf("E%s%c", *entry, 0);
  printf("D%s%c", getcwd(directory, sizeof directory), 0);
  return 0;
}
