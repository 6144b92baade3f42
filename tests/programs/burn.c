// burn SHAPE MS [COUNT]: uses up MS milliseconds of CPU time.
//
//   plain    in the main thread
//   threads  in COUNT threads, MS together
//   child    in COUNT children, MS each, waited for
//   orphan   in a grandchild whose parent is gone; main exits when it has used MS, and it goes on burning
//   unwaited in a child that main never waits for
//   ignored  in a child whose parent ignores SIGCHLD, so that the kernel throws its usage away
//
// Each process keeps its own CLOCK_PROCESS_CPUTIME_ID in its slot of the file "clocks" up to its last moment: who
// collects that file knows what was used, also by processes that were killed.

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kSlots = 64 };
static volatile int64_t* clocks;
static int64_t goal_ns;

static int64_t own_clock(void) {
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return used.tv_sec * 1000000000LL + used.tv_nsec;
}

static void burn(int slot, int64_t until) {
  static volatile uint64_t sink;
  int64_t used = own_clock();
  while (used < until) {
    for (int i = 0; i < 2000; ++i) sink += (uint64_t)i * 2654435761u;
    used = own_clock();
    clocks[slot] = used;
  }
}

static void* thread_main(void* unused) {
  burn(0, goal_ns);
  return unused;
}

static void finish(void) {
  clocks[0] = own_clock();
  _exit(0);
}

static void nap(void) {
  const struct timespec ms = {0, 1000000};
  nanosleep(&ms, NULL);
}

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  const char* shape = argv[1];
  goal_ns = atoll(argv[2]) * 1000000LL;
  const int count = argc > 3 ? atoi(argv[3]) : 1;
  const int file = open("clocks", O_RDWR | O_CREAT, 0644);
  if (file < 0 || ftruncate(file, kSlots * sizeof(int64_t)) < 0) return 65;
  clocks = mmap(NULL, kSlots * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (clocks == MAP_FAILED || count >= kSlots) return 66;

  if (!strcmp(shape, "plain")) {
    burn(0, goal_ns);
    finish();
  }
  if (!strcmp(shape, "threads")) {
    pthread_t threads[kSlots];
    for (int i = 0; i < count; ++i) {
      if (pthread_create(&threads[i], NULL, thread_main, NULL) != 0) return 67;
    }
    for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
    finish();
  }
  if (!strcmp(shape, "orphan")) {
    const pid_t middle = fork();
    if (middle == 0) {
      if (fork() == 0) {
        setsid();
        burn(2, INT64_MAX);
      }
      clocks[1] = own_clock();
      _exit(0);
    }
    waitpid(middle, NULL, 0);
    while (clocks[2] < goal_ns) nap();
    finish();
  }
  const int ignored = !strcmp(shape, "ignored");
  if (ignored) signal(SIGCHLD, SIG_IGN);
  for (int i = 1; i <= count; ++i) {
    if (fork() == 0) {
      burn(i, goal_ns);
      clocks[i] = own_clock();
      clocks[kSlots - 1] += 1;  // only for count == 1: nobody else writes it
      _exit(0);
    }
  }
  if (!strcmp(shape, "unwaited")) {
    while (clocks[kSlots - 1] == 0) nap();
    clocks[kSlots - 1] = 0;
    nap();
  } else {
    while (wait(NULL) > 0) {
    }
    clocks[kSlots - 1] = 0;
  }
  finish();
}
