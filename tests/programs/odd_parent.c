// odd_parent ARGUMENTS…: becomes $ODD_PARENT_EXEC with everything set that a process can hand on and a judged
// program must not get: ignored and blocked signals, nice, umask, timers, open descriptors, personality, limits.

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  const char* next = getenv("ODD_PARENT_EXEC");
  if (next == NULL) return 64;
  for (int i = 1; i < 65; ++i) signal(i, SIG_IGN);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  if (nice(5) < 0) return 65;
  umask(0777);
  personality(ADDR_NO_RANDOMIZE);
  prctl(PR_SET_NAME, "odd");
  prctl(PR_SET_TIMERSLACK, 1000000000UL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const struct itimerval later = {{0, 0}, {3600, 0}};
  setitimer(ITIMER_REAL, &later, NULL);
  setitimer(ITIMER_VIRTUAL, &later, NULL);
  setitimer(ITIMER_PROF, &later, NULL);
  for (int fd = 3; fd < 1000; ++fd) dup2(2, fd);
  const int score = open("/proc/self/oom_score_adj", O_WRONLY);
  (void)!write(score, "7", 1);
  if (chdir("/") < 0) return 66;
  execv(next, argv);
  return 67;
}
