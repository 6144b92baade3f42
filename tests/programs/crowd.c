// crowd processes | crowd threads: makes as many as it can, prints how many there were, itself included.
// crowd leave COUNT: leaves COUNT processes behind, every second one in a session and with a parent of its own,
// prints how many it made and its user id, and exits with 0.
// crowd bomb SECONDS: every process forks until then, and exits with 0.

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void* idle(void* unused) {
  for (;;) pause();
  return unused;
}

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  int made = 0;
  if (!strcmp(argv[1], "processes")) {
    for (;; ++made) {
      const pid_t child = fork();
      if (child == 0) idle(NULL);
      if (child < 0) break;
    }
  } else if (!strcmp(argv[1], "threads")) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (pthread_t thread;; ++made) {
      const int error = pthread_create(&thread, &small, idle, NULL);
      if (error != 0) {
        errno = error;
        break;
      }
    }
  } else if (!strcmp(argv[1], "bomb")) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (const time_t end = now.tv_sec + atoi(argv[2]); now.tv_sec < end; clock_gettime(CLOCK_MONOTONIC, &now)) fork();
    return 0;
  } else {
    const int count = atoi(argv[2]);
    for (; made < count; ++made) {
      const pid_t child = fork();
      if (child < 0) return 65;
      if (child == 0) {
        if (made % 2 == 0) idle(NULL);
        if (fork() != 0) _exit(0);
        setsid();
        idle(NULL);
      }
      if (made % 2 == 1) waitpid(child, NULL, 0);
    }
    printf("%d %u\n", made, getuid());
    return 0;
  }
  printf("%d %s\n", made + 1, errno == EAGAIN ? "EAGAIN" : strerror(errno));
  fflush(stdout);
  _exit(0);
}
