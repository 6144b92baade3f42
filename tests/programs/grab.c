// grab HOW MIB: takes MIB mebibytes of memory in one of many ways, then says "held" and exits with 0. Exit code 70: the
// kernel refused, and the line on standard output says what.
//
//   heap stack shared  anonymous memory of the program
//   memfd              memory files that are mapped nowhere
//   /PATH              a file in a tmpfs
//   posix sysv         shared memory objects
//   pipes sockets      what is written and never read
//   tables             page tables over memory that is only looked at
//   lock               locked pages
//   flight             memory files whose only reference is a message between two sockets
//   cow                the program's, and eight children that write to a tenth of it

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char block[1 << 20];

static int refused(const char* what) {
  printf("%s: %s\n", what, strerror(errno));
  exit(70);
}

static void touch(char* memory, size_t bytes) {
  for (size_t at = 0; at < bytes; at += 4096) memory[at] = 1;
}

static char* map(size_t bytes, int flags) {
  char* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? (refused("mmap"), NULL) : memory;
}

static void fill(int file, int mib) {
  for (int i = 0; i < mib; ++i) {
    if (write(file, block, sizeof block) != sizeof block) refused("write");
  }
}

static int deeper(size_t left) {
  volatile char frame[1 << 16];
  touch((char*)frame, sizeof frame);
  return left > sizeof frame ? deeper(left - sizeof frame) + frame[0] : frame[0];
}

static void send_away(int to, int file) {
  char byte = 0;
  struct iovec iov = {&byte, 1};
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &file, sizeof file);
  if (sendmsg(to, &message, 0) < 0) refused("sendmsg");
}

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  const char* how = argv[1];
  const int mib = atoi(argv[2]);
  const size_t bytes = (size_t)mib << 20;
  memset(block, 1, sizeof block);

  if (!strcmp(how, "heap")) {
    char* memory = malloc(bytes);
    if (!memory) refused("malloc");
    touch(memory, bytes);
  } else if (!strcmp(how, "stack")) {
    if (deeper(bytes) == 0) return 65;
  } else if (!strcmp(how, "shared")) {
    touch(map(bytes, MAP_SHARED), bytes);
  } else if (!strcmp(how, "memfd")) {
    for (int i = 0; i < 8; ++i) {
      const int file = memfd_create("hidden", 0);
      if (file < 0) refused("memfd_create");
      fill(file, mib / 8);
    }
  } else if (how[0] == '/') {
    const int file = open(how, O_WRONLY | O_CREAT, 0644);
    if (file < 0) refused("open");
    fill(file, mib);
  } else if (!strcmp(how, "posix")) {
    const int object = shm_open("/grab", O_RDWR | O_CREAT, 0600);
    if (object < 0 || ftruncate(object, (off_t)bytes) < 0) refused("shm_open");
    char* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, object, 0);
    if (memory == MAP_FAILED) refused("mmap");
    touch(memory, bytes);
  } else if (!strcmp(how, "sysv")) {
    for (int i = 0; i < mib; i += 8) {
      const int segment = shmget(IPC_PRIVATE, 8 << 20, 0600);
      char* memory = segment < 0 ? (char*)-1 : shmat(segment, NULL, 0);
      if (memory == (char*)-1) refused("shmget");
      touch(memory, 8 << 20);
      shmdt(memory);
    }
  } else if (!strcmp(how, "pipes")) {
    for (size_t held = 0; held < bytes;) {
      int ends[2];
      if (pipe2(ends, O_NONBLOCK) < 0) refused("pipe");
      fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);  // beyond pipe-user-pages-soft it stays small
      for (ssize_t wrote; (wrote = write(ends[1], block, sizeof block)) > 0;) held += (size_t)wrote;
    }
  } else if (!strcmp(how, "sockets")) {
    for (size_t held = 0; held < bytes;) {
      int ends[2];
      if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0) refused("socketpair");
      for (ssize_t wrote; (wrote = write(ends[1], block, 65536)) > 0;) held += (size_t)wrote;
    }
  } else if (!strcmp(how, "tables")) {
    const size_t area = 2 << 20;  // one page of page table maps it
    const size_t span = bytes / 4096 * area;
    volatile char* memory = mmap(NULL, span, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) refused("mmap");
    madvise((void*)memory, span, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < span; at += area) (void)memory[at];
  } else if (!strcmp(how, "lock")) {
    char* memory = map(bytes, MAP_PRIVATE);
    if (mlock(memory, bytes) < 0) refused("mlock");
  } else if (!strcmp(how, "flight")) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0) refused("socketpair");
    for (int i = 0; i < mib; i += 16) {  // ten datagrams are the queue's usual length (net.unix.max_dgram_qlen)
      const int file = memfd_create("in flight", 0);
      if (file < 0) refused("memfd_create");
      fill(file, 16);
      send_away(ends[1], file);
      close(file);
    }
  } else if (!strcmp(how, "cow")) {
    char* memory = map(bytes, MAP_PRIVATE);
    touch(memory, bytes);
    for (int i = 0; i < 8; ++i) {
      if (fork() != 0) continue;
      touch(memory, bytes / 80);  // eight children: a tenth of it together
      usleep(300000);
      _exit(0);
    }
    while (wait(NULL) > 0) {
    }
  } else {
    return 64;
  }
  puts("held");
  return 0;
}
