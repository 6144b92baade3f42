// trespass WHAT [ARGUMENTS]: tries what a box without namespaces has to keep a program from. Prints a line for each try:
// what, and how it ended ("done" or the error).
//   sockets         of every kind, and pairs of them
//   ipc             System V objects and a message queue
//   signals PID…    to these processes, and to everything
//   read FILE…      opens them for reading
//   write FILE…     makes them
//   orphans N       leaves N daemons that ignore signals, and ends
//   bomb SECONDS    forks wherever it can, until then
//   litter          leaves files in every place, some hard to remove, and a secret in its own

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void say(const char* what, long rc) { printf("%s: %s\n", what, rc >= 0 ? "done" : strerrorname_np(errno)); }

static void sockets(void) {
  int pair[2];
  say("unix", socket(AF_UNIX, SOCK_STREAM, 0));
  say("inet", socket(AF_INET, SOCK_STREAM, 0));
  say("inet6", socket(AF_INET6, SOCK_DGRAM, 0));
  say("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
  say("stream pair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
  say("connect of a pair", connect(pair[0], (struct sockaddr*)&(struct sockaddr){AF_UNIX, "/x"}, 4));
  say("seqpacket pair", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
  say("datagram pair", socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair));
  say("tipc pair", socketpair(30, SOCK_STREAM, 0, pair));
}

static void ipc(void) {
  say("shm", shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0666));
  say("sem", semget(IPC_PRIVATE, 1, IPC_CREAT | 0666));
  say("msg", msgget(IPC_PRIVATE, IPC_CREAT | 0666));
  say("mqueue", mq_open("/bailiff-trespass", O_CREAT | O_RDWR, 0666, NULL));
}

static void orphans(int count) {
  for (int i = 0; i < count; ++i) {
    if (fork() != 0) continue;
    setsid();
    if (fork() != 0) _exit(0);
    for (int signal_number = 1; signal_number < 64; ++signal_number) signal(signal_number, SIG_IGN);
    for (int fd = 0; fd < 3; ++fd) close(fd);
    for (;;) pause();
  }
  usleep(100000);
}

static void bomb(int seconds) {
  for (alarm(seconds);;) {
    if (fork() == 0) alarm(seconds);
  }
}

static void make(const char* path, mode_t mode) {
  const int fd = open(path, O_WRONLY | O_CREAT, mode);
  if (fd >= 0 && write(fd, "secret\n", 7) < 0) exit(1);
  say(path, fd);
  close(fd);
}

static void litter(void) {
  for (const char* const* at = (const char*[]){"/tmp", "/var/tmp", "/dev/shm", NULL}; *at; ++at) {
    char path[128];
    sprintf(path, "%s/trespass-%d", *at, getpid());
    if (mkdir(path, 0777) < 0) {
      say(*at, -1);
      continue;
    }
    say(*at, 0);
    strcat(path, "/inside");
    make(path, 0644);
    *strrchr(path, '/') = 0;
    chmod(path, 0);
  }
  make("secret", 0644);
  for (int i = 0; i < 300; ++i) {  // deeper than PATH_MAX allows to name
    if (mkdir("deeper-and-deeper", 0700) < 0 || chdir("deeper-and-deeper") < 0) exit(1);
  }
  make("at-the-bottom", 0);
  chmod(".", 0);
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc < 2) return 64;
  if (!strcmp(argv[1], "sockets")) sockets();
  if (!strcmp(argv[1], "ipc")) ipc();
  if (!strcmp(argv[1], "orphans")) orphans(atoi(argv[2]));
  if (!strcmp(argv[1], "bomb")) bomb(atoi(argv[2]));
  if (!strcmp(argv[1], "litter")) litter();
  for (int i = 2; i < argc; ++i) {
    if (!strcmp(argv[1], "read")) say(argv[i], open(argv[i], O_RDONLY));
    if (!strcmp(argv[1], "write")) say(argv[i], open(argv[i], O_WRONLY | O_CREAT, 0666));
    if (!strcmp(argv[1], "signals")) say(argv[i], kill(atoi(argv[i]), SIGKILL));
  }
  if (!strcmp(argv[1], "signals")) say("parent", kill(getppid(), SIGKILL)), say("everything", kill(-1, SIGKILL));
  return 0;
}
