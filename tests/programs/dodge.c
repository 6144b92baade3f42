// dodge HOW MS: uses up about MS milliseconds of CPU time in a way that measuring might miss.
//
//   plain     in the program itself
//   orphan    in a grandchild whose parent is gone, beside the program
//   ignored   in children one after the other, while SIGCHLD is ignored: the kernel throws their usage away
//   short     in thousands of children that do next to nothing
//   kernel    in the kernel: reads from /dev/zero and random numbers
//   bomb      in children and their children, as many as there may be, until killed
//   vanish    in a child that is still burning when the program exits

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(int clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

static void burn(int64_t ms) {
  while (now(CLOCK_PROCESS_CPUTIME_ID) < ms) {
    for (volatile int i = 0; i < 20000; ++i) {
    }
  }
}

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  const char* how = argv[1];
  const int64_t ms = atoll(argv[2]);
  static char buffer[1 << 20];

  if (!strcmp(how, "plain")) {
    burn(ms);
  } else if (!strcmp(how, "orphan")) {
    int ends[2];
    if (pipe(ends) < 0) return 65;
    if (fork() == 0) {
      if (fork() == 0) {
        setsid();
        burn(ms);
        _exit(0);  // its end of the pipe closes
      }
      _exit(0);
    }
    close(ends[1]);
    wait(NULL);
    read(ends[0], buffer, 1);
  } else if (!strcmp(how, "ignored")) {
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 10; ++i) {
      if (fork() == 0) {
        burn(ms / 10);
        _exit(0);
      }
      wait(NULL);  // ECHILD once it is gone
    }
  } else if (!strcmp(how, "short")) {
    for (const int64_t until = now(CLOCK_MONOTONIC) + ms; now(CLOCK_MONOTONIC) < until;) {
      const pid_t child = fork();
      if (child == 0) _exit(0);
      waitpid(child, NULL, 0);
    }
  } else if (!strcmp(how, "kernel")) {
    const int zero = open("/dev/zero", O_RDONLY);
    while (now(CLOCK_PROCESS_CPUTIME_ID) < ms) {
      read(zero, buffer, sizeof buffer);
      getrandom(buffer, 1 << 16, 0);
    }
  } else if (!strcmp(how, "vanish")) {
    if (fork() == 0) burn(1000000);
    usleep((useconds_t)ms * 1000);
  } else if (!strcmp(how, "bomb")) {
    for (;;) fork();
  } else {
    return 64;
  }
  return 0;
}
