// fill file BYTES       writes one file of BYTES bytes; exit 1 when that failed
// fill patient BYTES    the same with SIGXFSZ ignored
// fill disk             writes files until there is no room; prints the bytes it got rid of; exit 1
// fill inodes           makes empty files until there is no room; prints how many; exit 1
// fill descriptors      opens files until it may not; prints the highest number; exit 0

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char block[65536];

/// How many of `bytes` bytes could be written.
static long long write_file(const char* name, long long bytes) {
  const int file = open(name, O_WRONLY | O_CREAT, 0644);
  long long at = 0;
  while (file >= 0 && at < bytes) {
    const long long rest = bytes - at;
    const ssize_t wrote = write(file, block, rest < (long long)sizeof block ? (size_t)rest : sizeof block);
    if (wrote <= 0) break;
    at += wrote;
  }
  if (file >= 0) close(file);
  return at;
}

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  char name[64];
  if (!strcmp(argv[1], "file") || !strcmp(argv[1], "patient")) {
    if (argv[1][0] == 'p') signal(SIGXFSZ, SIG_IGN);
    const long long bytes = atoll(argv[2]);
    return write_file("file", bytes) == bytes ? 0 : 1;
  }
  if (!strcmp(argv[1], "disk")) {
    static const char* const kPlaces[] = {"/box", "/tmp", "/dev/shm"};  // one quota over the three
    long long total = 0;
    for (int i = 0;; ++i) {
      snprintf(name, sizeof name, "%s/file%d", kPlaces[i % 3], i);
      const long long wrote = write_file(name, 1 << 20);
      total += wrote;
      if (wrote < 1 << 20) break;
    }
    printf("%lld\n", total);
    return 1;
  }
  if (!strcmp(argv[1], "inodes")) {
    static const char* const kPlaces[] = {"/box", "/tmp", "/dev/shm"};
    int made = 0;
    for (;; ++made) {
      snprintf(name, sizeof name, "%s/file%d", kPlaces[made % 3], made);
      const int file = open(name, O_WRONLY | O_CREAT, 0644);
      if (file < 0) break;
      close(file);
    }
    printf("%d\n", made);
    return 1;
  }
  int highest = -1;
  for (int file; (file = open("/dev/null", O_RDONLY)) >= 0;) highest = file;
  printf("%d %s\n", highest, errno == EMFILE ? "EMFILE" : strerror(errno));
  return 0;
}
