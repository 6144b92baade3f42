/* Hands its work to a grandchild that nobody waits for, so that its own CPU time is next to nothing. */
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  const int child = fork();
  if (child == 0) {
    setsid();
    if (fork() == 0) {
      for (volatile unsigned long i = 0;; ++i) {
      }
    }
    _exit(0);
  }
  waitpid(child, NULL, 0);
  usleep(300000);
  return 0;
}
