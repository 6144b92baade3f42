// starter PROGRAM: for every byte it reads, starts PROGRAM by vfork, exec and wait, and writes what that took: nanoseconds,
// eight bytes. What a start costs where it runs, with nothing around it.

#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  char* const child[] = {argv[1], NULL};
  char* const none[] = {NULL};
  for (char order; read(0, &order, 1) == 1;) {
    const int64_t begun = now();
    const pid_t pid = vfork();
    if (pid == 0) {
      execve(argv[1], child, none);
      _exit(127);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) return 65;
    const int64_t took = now() - begun;
    if (write(1, &took, sizeof took) != sizeof took) return 66;
  }
  return 0;
}
