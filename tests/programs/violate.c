// violate WAY [ARG]: makes the call that the profile `watched` takes for a violation (eventfd2), in one of several ways.
// Prints the number of the thread that makes it first, and "after" if it comes back.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

// The call gives a descriptor. Its number alone proves nothing: a tracer that suppresses the SIGSYS of a refused call
// leaves the call's own number as its result (x86, syscall_rollback).
static int made(long result) { return result >= 0 && fcntl((int)result, F_GETFD) >= 0; }

static void forbidden(void) {
  printf("%d\n", (int)syscall(SYS_gettid));
  fflush(stdout);
  const long result = syscall(SYS_eventfd2, 7L, 02000000L, 9L, 10L, 0xfedcba9876543210L, 12L);
  printf("after %s\n", made(result) ? "success" : "refusal");
  fflush(stdout);
}

static void* in_thread(void* unused) {
  forbidden();
  return unused;
}

static pthread_barrier_t barrier;
static void* in_crowd(void* unused) {
  pthread_barrier_wait(&barrier);
  for (;;) syscall(SYS_eventfd2, 7, 02000000, 9, 10, 11, 12);
}

static void caught(int signal) {
  const char text[] = "caught\n";
  (void)!write(1, text, sizeof text - 1);
  _exit(signal == SIGSYS ? 0 : 1);
}
static void ticked(int signal) { (void)signal; }

// A child that makes the call again and again while a signal interrupts it again and again; never with a handler
// that lets the call go on by itself.
static void under_signals(void) {
  struct sigaction action = {.sa_handler = ticked};
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval often = {{0, 50}, {0, 50}};
  setitimer(ITIMER_REAL, &often, NULL);
  for (int i = 0; i < 2000; ++i) {
    if (made(syscall(SYS_eventfd2, 7, 02000000, 9, 10, 11, 12))) puts("made"), fflush(stdout);
  }
}

int main(int argc, char** argv) {
  const char* way = argv[1];
  if (!strcmp(way, "main")) {
    forbidden();
  } else if (!strcmp(way, "not")) {
    puts("nothing forbidden");
  } else if (!strcmp(way, "thread")) {
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
  } else if (!strcmp(way, "grandchild")) {  // whose parents wait; or, with an argument, are gone
    const int orphan = argc > 2;
    if (fork() == 0) {
      if (fork() == 0) {
        if (orphan) usleep(100000);
        forbidden();
        _exit(0);
      }
      if (!orphan) wait(NULL);
      _exit(0);
    }
    wait(NULL);
    if (orphan) sleep(3);
  } else if (!strcmp(way, "exec")) {
    execl(argv[0], argv[0], "main", (char*)NULL);
  } else if (!strcmp(way, "flood")) {
    const int count = atoi(argv[2]);
    pthread_barrier_init(&barrier, NULL, (unsigned)count);
    for (int i = 1; i < count; ++i) {
      pthread_t thread;
      if (pthread_create(&thread, NULL, in_crowd, NULL) != 0) return 3;
    }
    in_crowd(NULL);
  } else if (!strcmp(way, "raise")) {
    raise(SIGSYS);
  } else if (!strcmp(way, "catch")) {
    signal(SIGSYS, caught);
    forbidden();
  } else if (!strcmp(way, "signals")) {
    under_signals();
    puts("gave up");
  } else if (!strcmp(way, "murder")) {  // kills whoever made the call, as fast as it can
    for (int i = 0; i < 200; ++i) {
      const pid_t child = fork();
      if (child == 0) {
        if (made(syscall(SYS_eventfd2, 7, 02000000, 9, 10, 11, 12))) puts("made"), fflush(stdout);
        _exit(0);
      }
      for (volatile int spin = 0; spin < i * 1000; ++spin) {
      }
      kill(child, SIGKILL);
      waitpid(child, NULL, 0);
    }
    puts("gave up");
  } else if (!strcmp(way, "trace")) {  // stops whoever makes the call at its door and changes what it asks for
    const pid_t child = fork();
    if (child == 0) {
      ptrace(PTRACE_TRACEME, 0, NULL, NULL);
      raise(SIGSTOP);
      forbidden();
      _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    while (!WIFEXITED(status) && !WIFSIGNALED(status)) {
      if (ptrace(PTRACE_SYSCALL, child, NULL, NULL) < 0) break;
      waitpid(child, &status, 0);
    }
    puts("gave up");
  } else if (!strcmp(way, "late")) {  // after ARG milliseconds of waiting
    usleep(1000 * (useconds_t)atoi(argv[2]));
    forbidden();
  }
  return 0;
}
