// levers DIR: walks DIR and tries to open every file for writing, to make a directory in each directory, and to remove
// it. Prints "N seen, M changed" and the first thing that could be changed.

#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int seen, changed;
static char first[4096];

static void count(int done, const char* path) {
  if (!done) return;
  if (changed++ == 0) snprintf(first, sizeof first, "%s", path);
}

static int look(const char* path, const struct stat* status, int kind, struct FTW* where) {
  (void)status, (void)where;
  ++seen;
  if (kind == FTW_F) {
    const int file = open(path, O_WRONLY);
    count(file >= 0, path);
    if (file >= 0) close(file);
    return 0;
  }
  char name[4096];
  snprintf(name, sizeof name, "%s/mine", path);
  count(mkdir(name, 0755) == 0, name);
  rmdir(name);
  count(kind == FTW_DP && rmdir(path) == 0, path);
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  nftw(argv[1], look, 16, FTW_PHYS | FTW_DEPTH);
  printf("%d seen, %d changed %s\n", seen, changed, first);
  return 0;
}
