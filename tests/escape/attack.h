/* What every attack shares. An attack is one C file with a header comment (see README.md here); it is static,
 * knows no bailiff, and says what came of its tries by its standard output: "contained"       every try was
 * refused; exit 0 "ESCAPED: how"    one succeeded; exit 1 An attack that must be stopped rather than refused
 * prints nothing of that and never ends by itself before its bounds; what then must be in the result is in
 * its `expect:`. */
#ifndef ATTACK_H
#define ATTACK_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int attack_escapes;

/* Judges one try. */
static inline void try_must_fail(int succeeded, const char* how) {
  if (!succeeded) return;
  ++attack_escapes;
  printf("ESCAPED: %s\n", how);
  fflush(stdout);
}

/* A system call that must give -1; the message is the call itself. */
#define MUST_FAIL(call) try_must_fail((long)(call) >= 0, #call)

/* The last word of an attack whose tries are to be refused. */
static inline int verdict(void) {
  if (attack_escapes != 0) return 1;
  puts("contained");
  return 0;
}

static inline double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The bound in seconds: set once, inherited by fork. An attack's loops run while (within_bounds()). */
static double attack_deadline;
static inline void bound_seconds(double seconds) { attack_deadline = seconds_now() + seconds; }
static inline int within_bounds(void) { return seconds_now() < attack_deadline; }

/* Sleeps to the end of the bounds, whatever signals come. */
static inline void outstay(void) {
  while (within_bounds()) usleep(50000);
}
/* Burns CPU to the end of the bounds. */
static inline void burn(void) {
  volatile unsigned long n = 0;
  while (within_bounds()) {
    for (int i = 0; i < 100000; ++i) ++n;
  }
}
/* Memory that is really there: every page is written, unseen by the optimiser. Where even the mapping is
 * refused the attack has been stopped: exit 4. */
static inline void touch(volatile char* memory, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 4096) memory[i] = 1;
}
static inline void* hold(size_t bytes) {
  void* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) _exit(4);
  touch(memory, bytes);
  return memory;
}

/* A file with this content, or exit 3: the attack could not even begin. */
static inline void make_file(const char* path, const char* content) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || write(fd, content, strlen(content)) < 0) {
    perror(path);
    exit(3);
  }
  close(fd);
}
#endif
