/* meet offer|look SECONDS: one box offers itself in every way known to meet another, or one looks for such offers. */
#include "attack.h"
#include <arpa/inet.h>
#include <mqueue.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/un.h>

#define KEY 0x626c6664
static struct sockaddr_un abstract = {AF_UNIX, "\0bailiff-meet"};
static socklen_t abstract_length = offsetof(struct sockaddr_un, sun_path) + 13;

static void offer(void) {
  struct sockaddr_in any = {AF_INET, htons(40404)};
  char *memory = shmat(shmget(KEY, 4096, IPC_CREAT | 0666), NULL, 0);
  if (memory != (char *)-1) strcpy(memory, "met");
  semget(KEY, 1, IPC_CREAT | 0666);
  msgget(KEY, IPC_CREAT | 0666);
  mq_open("/bailiff-meet", O_CREAT | O_RDWR, 0666, NULL);
  make_file("/box/offer", "met");
  make_file("/tmp/offer", "met");
  make_file("/dev/shm/offer", "met");
  chmod("/tmp/offer", 0666);
  int stream = socket(AF_UNIX, SOCK_STREAM, 0);
  bind(stream, (struct sockaddr *)&abstract, abstract_length);
  listen(stream, 5);
  int tcp = socket(AF_INET, SOCK_STREAM, 0);
  bind(tcp, (struct sockaddr *)&any, sizeof any);
  listen(tcp, 5);
  const char *shown[] = {"/dev/null", "/dev/zero", "/dev/urandom", "/etc/passwd", "/proc/self/exe", "/", "/box", "/tmp", "/etc", "/dev", "/proc"};
  for (int i = 0; i < sizeof shown / sizeof *shown; ++i) flock(open(shown[i], O_RDONLY), LOCK_EX);
}

static void look(void) {
  struct sockaddr_in local = {AF_INET, htons(40404)};
  inet_pton(AF_INET, "127.0.0.1", &local.sin_addr);
  MUST_FAIL(shmget(KEY, 4096, 0));
  MUST_FAIL(semget(KEY, 1, 0));
  MUST_FAIL(msgget(KEY, 0));
  MUST_FAIL(mq_open("/bailiff-meet", O_RDONLY));
  MUST_FAIL(open("/box/offer", O_RDONLY));
  MUST_FAIL(open("/tmp/offer", O_RDONLY));
  MUST_FAIL(open("/dev/shm/offer", O_RDONLY));
  MUST_FAIL(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&abstract, abstract_length));
  MUST_FAIL(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&local, sizeof local));
  const char *shown[] = {"/dev/null", "/dev/zero", "/dev/urandom", "/etc/passwd", "/proc/self/exe", "/", "/box", "/tmp", "/etc", "/dev", "/proc"};
  for (int i = 0; i < sizeof shown / sizeof *shown; ++i) {
    int fd = open(shown[i], O_RDONLY);
    try_must_fail(flock(fd, LOCK_EX | LOCK_NB) != 0, shown[i]);
    close(fd);
  }
}

int main(int argc, char **argv) {
  bound_seconds(atof(argv[2]));
  if (strcmp(argv[1], "offer") == 0) {
    offer();
    puts("offered");
    fflush(stdout);
    outstay();
    return 0;
  }
  look();
  return verdict();
}
