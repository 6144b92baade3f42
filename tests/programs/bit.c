// bit: tries to hand one bit from one run to another, or from one box to another.
//   bit plant TOPIC     leaves the bit and ends; prints "planted"
//   bit look TOPIC      prints 1 when it finds the bit, 0 when not
//   bit both TOPIC      plants (in a child that stays alive, where that is how it is done) and looks: prints 1, or
//                       this program could not see the bit at all
//   bit hold TOPIC MS   plants and stays; prints "BEGIN END", CLOCK_MONOTONIC in ms
//   bit watch TOPIC MS  waits a quarter of that, then looks again and again; prints "0|1 BEGIN END"
//   bit topics          prints the table below: name and kind
// It expects the files in.txt ("input\n", 0644) and sub/in.txt in its working directory.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#ifndef F_SET_RW_HINT
#define F_GET_RW_HINT 1035
#define F_SET_RW_HINT 1036
#endif
#ifndef FS_NODUMP_FL
#define FS_NODUMP_FL 0x40
#endif

static const char kShared[] = "/usr/bin/env";  // an inode that every box shows
static const int kKey = 0x62616c66;

static void must(int good, const char* what) {
  if (good) return;
  printf("error: %s: %s\n", what, strerror(errno));
  exit(3);
}
static int open_or_die(const char* path, int flags) {
  const int fd = open(path, flags | O_CLOEXEC, 0644);
  must(fd >= 0, path);
  return fd;
}
static void put(const char* path, const char* text) {
  const int fd = open_or_die(path, O_WRONLY | O_CREAT | O_TRUNC);
  must(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "write");
  close(fd);
}
static struct stat stat_of(const char* path) {
  struct stat status = {0};
  must(lstat(path, &status) == 0, path);
  return status;
}
static int there(const char* path) {
  struct stat status;
  return lstat(path, &status) == 0;
}
static int reads_otherwise(const char* path, const char* text) {
  char got[64] = "";
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 1;
  const ssize_t length = read(fd, got, sizeof got - 1);
  close(fd);
  return length < 0 || strcmp(got, text) != 0;
}

// Files

static void plant_box(void) { put("/box/left", "1"); }
static int look_box(void) { return there("/box/left"); }
static void plant_tmp(void) { put("/tmp/left", "1"); }
static int look_tmp(void) { return there("/tmp/left"); }
static void plant_shm(void) { put("/dev/shm/left", "1"); }
static int look_shm(void) { return there("/dev/shm/left"); }
static void plant_deep(void) { put("sub/left", "1"); }
static int look_deep(void) { return there("sub/left"); }
static void plant_directory(void) { must(mkdir("/tmp/left", 0700) == 0, "mkdir"); }
static void plant_symlink(void) { must(symlink("in.txt", "/dev/shm/left") == 0, "symlink"); }
static void plant_fifo(void) { must(mkfifo("/tmp/left", 0600) == 0, "mkfifo"); }
static void plant_modify(void) { put("in.txt", "1npu7\n"); }
static int look_modify(void) { return reads_otherwise("in.txt", "input\n"); }
static void plant_modify_deep(void) { put("sub/in.txt", "1npu7\n"); }
static int look_modify_deep(void) { return reads_otherwise("sub/in.txt", "input\n"); }
static void plant_append(void) {
  const int fd = open_or_die("in.txt", O_WRONLY | O_APPEND);
  must(write(fd, "x", 1) == 1, "write");
}
static void plant_truncate(void) { must(truncate("in.txt", 3) == 0, "truncate"); }
static void plant_hole(void) {
  must(fallocate(open_or_die("in.txt", O_RDWR), FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 3) == 0, "fallocate");
}
static void plant_remove(void) { must(unlink("in.txt") == 0, "unlink"); }
static void plant_rename(void) { must(rename("in.txt", "sub/other") == 0, "rename"); }
static void plant_replace(void) {  // the same bytes in another file
  put("fresh", "input\n");
  must(rename("fresh", "in.txt") == 0, "rename");
}
static int look_replace(void) { return stat_of("in.txt").st_ino != stat_of("sub/in.txt").st_ino - 2; }
static void plant_hard_link(void) { must(link("in.txt", "/box/sub/other") == 0, "link"); }
static int look_hard_link(void) { return stat_of("in.txt").st_nlink != 1; }
static void plant_mmap(void) {
  const int fd = open_or_die("in.txt", O_RDWR);
  char* bytes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  must(bytes != MAP_FAILED, "mmap");
  close(fd);
  bytes[0] = 'I';
}
/// The descriptor lives on in a socket that nobody but itself holds: only the kernel's collector closes it, when it
/// gets to it (net/unix/garbage.c). The mapping is written all the same.
static void plant_mmap_unclosed(void) {
  const int fd = open_or_die("in.txt", O_RDWR);
  char* bytes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  must(bytes != MAP_FAILED, "mmap");
  for (int ring = 0; ring < 8; ++ring) {
    int ends[2];
    must(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0, "socketpair");
    const int pass[3] = {fd, ends[0], ends[1]};
    for (int i = 0; i < 2; ++i) {
      union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof pass)];
      } control = {0};
      char byte = 0;
      struct iovec iov = {&byte, 1};
      struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
      control.header = (struct cmsghdr){CMSG_LEN(sizeof pass), SOL_SOCKET, SCM_RIGHTS};
      memcpy(CMSG_DATA(&control.header), pass, sizeof pass);
      if (sendmsg(ends[i], &message, 0) < 0) break;
    }
    close(ends[0]);
    close(ends[1]);
  }
  bytes[0] = 'I';
}
static void plant_mode(void) { must(chmod("in.txt", 0600) == 0, "chmod"); }
static int look_mode(void) { return (stat_of("in.txt").st_mode & 07777) != 0644; }
static void plant_mode_of_directory(void) { must(chmod("sub", 0700) == 0 && chmod("/box", 0700) == 0, "chmod"); }
static int look_mode_of_directory(void) {
  return (stat_of("sub").st_mode & 07777) != 0755 || (stat_of("/box").st_mode & 07777) != 0755;
}
static const struct timespec kOldTimes[2] = {{1000000, 0}, {1000000, 0}};
static int is_old(const char* path) { return stat_of(path).st_mtim.tv_sec == 1000000 || stat_of(path).st_atim.tv_sec == 1000000; }
static void plant_mtime(void) { must(utimensat(AT_FDCWD, "in.txt", kOldTimes, 0) == 0, "utimensat"); }
static int look_mtime(void) { return is_old("in.txt"); }
static void plant_mtime_of_directory(void) {
  must(utimensat(AT_FDCWD, "sub", kOldTimes, 0) == 0 && utimensat(AT_FDCWD, "/box", kOldTimes, 0) == 0, "utimensat");
}
static int look_mtime_of_directory(void) { return is_old("sub") || is_old("/box"); }
/// Reading says so in atime wherever the mount keeps one.
static void plant_atime(void) {
  char byte;
  must(read(open_or_die("in.txt", O_RDONLY), &byte, 1) == 1, "read");
  DIR* dir = opendir("sub");
  while (dir != NULL && readdir(dir) != NULL) continue;
}
static int look_atime(void) {
  const struct stat file = stat_of("in.txt"), directory = stat_of("sub");
  return file.st_atim.tv_sec > file.st_mtim.tv_sec + 1 || directory.st_atim.tv_sec > directory.st_mtim.tv_sec + 1;
}
static void plant_xattr(void) { must(setxattr("in.txt", "user.bit", "1", 1, 0) == 0, "setxattr"); }
static int look_xattr(void) { return getxattr("in.txt", "user.bit", NULL, 0) >= 0; }
static void plant_xattr_of_directory(void) { must(setxattr("sub", "user.bit", "1", 1, 0) == 0, "setxattr"); }
static int look_xattr_of_directory(void) { return getxattr("sub", "user.bit", NULL, 0) >= 0; }
/// An attribute set through a descriptor that may only read.
static int flags_of(const char* path) {
  int flags = 0;
  const int fd = open_or_die(path, O_RDONLY);
  if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0) flags = 0;
  close(fd);
  return flags;
}
static void plant_flags_on(const char* path) {
  int flags = flags_of(path) | FS_NODUMP_FL;
  (void)ioctl(open_or_die(path, O_RDONLY), FS_IOC_SETFLAGS, &flags);  // the filter refuses it
}
static void plant_flags(void) { plant_flags_on("in.txt"); }
static int look_flags(void) { return (flags_of("in.txt") & FS_NODUMP_FL) != 0; }
static void plant_flags_of_directory(void) { plant_flags_on("sub"); }
static int look_flags_of_directory(void) { return (flags_of("sub") & FS_NODUMP_FL) != 0; }
static void plant_hint_on(const char* path) {
  uint64_t hint = 2;
  (void)fcntl(open_or_die(path, O_RDONLY), F_SET_RW_HINT, &hint);  // the filter refuses it
}
static int hint_of(const char* path) {
  uint64_t hint = 0;
  const int fd = open_or_die(path, O_RDONLY);
  if (fcntl(fd, F_GET_RW_HINT, &hint) < 0) hint = 0;
  close(fd);
  return hint == 2;
}
static void plant_hint(void) { plant_hint_on("in.txt"); }
static int look_hint(void) { return hint_of("in.txt"); }
static void plant_hint_of_directory(void) { plant_hint_on("/box"); }
static int look_hint_of_directory(void) { return hint_of("/box"); }
static void plant_hint_shared(void) {
  uint64_t hint = 2;
  (void)fcntl(open_or_die(kShared, O_RDONLY), F_SET_RW_HINT, &hint);  // the owner's alone since Linux 6.9
}
static int look_hint_shared(void) { return hint_of(kShared); }
/// Inode numbers of a tmpfs count up: files that came and went show in the next one's.
static void plant_inodes(void) {
  for (int i = 0; i < 100; ++i) {
    put("/tmp/fleeting", "");
    must(unlink("/tmp/fleeting") == 0, "unlink");
  }
}
static void plant_inodes_unnamed(void) {
  for (int i = 0; i < 100; ++i) close(open_or_die("/box", O_RDWR | O_TMPFILE));
}
static int look_inodes(void) {
  static struct stat mine;  // once: looking uses a number up
  if (mine.st_ino == 0) must(fstat(open_or_die("/dev/shm", O_RDWR | O_TMPFILE), &mine) == 0, "fstat");
  return mine.st_ino > 60;
}
/// Whether /box was mounted after /proc: then it is not the one the box began with.
static void plant_mount_order(void) { plant_tmp(); }
static int look_mount_order(void) {
  FILE* file = fopen("/proc/self/mountinfo", "r");
  char line[4096];
  int proc = 0, after = 0;
  must(file != NULL, "mountinfo");
  while (fgets(line, sizeof line, file) != NULL) {
    if (strstr(line, " /proc ")) proc = 1;
    if (strstr(line, " /box ") && proc) after = 1;
  }
  fclose(file);
  return after;
}

// Descriptors that one description might stand behind, in every run

static void plant_stdin_flags(void) { must(fcntl(0, F_SETFL, O_NONBLOCK | O_APPEND) == 0, "F_SETFL"); }
static int look_stdin_flags(void) { return (fcntl(0, F_GETFL) & (O_NONBLOCK | O_APPEND)) != 0; }
static void plant_stdin_signal(void) { must(fcntl(0, F_SETSIG, SIGUSR1) == 0, "F_SETSIG"); }
static int look_stdin_signal(void) { return fcntl(0, F_GETSIG) != 0; }
static void plant_stdin_lock(void) { must(flock(0, LOCK_EX | LOCK_NB) == 0, "flock"); }
static int look_stdin_lock(void) {
  char path[] = "/proc/self/fd/0";
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const int taken = flock(fd, LOCK_EX | LOCK_NB) < 0;
  close(fd);
  return taken;
}
static void plant_stdin_offset(void) { (void)lseek(0, 3, SEEK_SET); }
static int look_stdin_offset(void) { return lseek(0, 0, SEEK_CUR) != 0; }
static void plant_stdout_flags(void) { must(fcntl(1, F_SETFL, O_NONBLOCK) == 0 && fcntl(2, F_SETFL, O_NONBLOCK) == 0, "F_SETFL"); }
static int look_stdout_flags(void) { return ((fcntl(1, F_GETFL) | fcntl(2, F_GETFL)) & O_NONBLOCK) != 0; }

// IPC

static void plant_sysv_shm(void) { must(shmget(kKey, 4096, IPC_CREAT | 0666) >= 0, "shmget"); }
static int look_sysv_shm(void) { return shmget(kKey, 0, 0) >= 0; }
static void plant_sysv_sem(void) { must(semget(kKey, 1, IPC_CREAT | 0666) >= 0, "semget"); }
static int look_sysv_sem(void) { return semget(kKey, 0, 0) >= 0; }
static void plant_sysv_msg(void) { must(msgget(kKey, IPC_CREAT | 0666) >= 0, "msgget"); }
static int look_sysv_msg(void) { return msgget(kKey, 0) >= 0; }
/// Not the object but its number: they count up.
static int look_sysv_number(void) {
  static int id = -1;  // once: looking uses a number up
  if (id >= 0) return id != 0;
  id = msgget(IPC_PRIVATE, 0600);
  must(id >= 0, "msgget");
  msgctl(id, IPC_RMID, NULL);
  return id != 0;
}
static void plant_sysv_number(void) { (void)look_sysv_number(); }
static void plant_mq(void) { must(mq_open("/bit", O_RDWR | O_CREAT, 0666, NULL) != (mqd_t)-1, "mq_open"); }
static int look_mq(void) { return mq_open("/bit", O_RDWR) != (mqd_t)-1; }
/// Not the queue but what it counts against its owner (RLIMIT_MSGQUEUE).
static struct mq_attr big_queue(void) { return (struct mq_attr){.mq_maxmsg = 10, .mq_msgsize = 8000}; }
static void plant_mq_bytes(void) {
  char name[32];
  struct mq_attr big = big_queue();
  int made = 0;
  for (; made < 200; ++made) {
    snprintf(name, sizeof name, "/big%d", made);
    const mqd_t queue = mq_open(name, O_RDWR | O_CREAT, 0666, &big);
    if (queue == (mqd_t)-1) break;
    mq_close(queue);
  }
  must(made > 2, "mq_open");
}
static int look_mq_bytes(void) {
  struct mq_attr big = big_queue();
  const mqd_t queue = mq_open("/mine", O_RDWR | O_CREAT, 0666, &big);
  if (queue == (mqd_t)-1) return 1;
  mq_close(queue);
  mq_unlink("/mine");
  return 0;
}
/// The same with memory locked by System V segments (RLIMIT_MEMLOCK).
static int lock_segment(void) {
  const int id = shmget(IPC_PRIVATE, 65536, 0600);
  must(id >= 0, "shmget");
  if (shmctl(id, SHM_LOCK, NULL) == 0) return id;
  shmctl(id, IPC_RMID, NULL);
  return -1;
}
static void plant_locked_bytes(void) { must(lock_segment() >= 0, "SHM_LOCK"); }
static int look_locked_bytes(void) {
  const int id = lock_segment();
  if (id < 0) return 1;
  shmctl(id, IPC_RMID, NULL);
  return 0;
}
static int abstract(int bind_it) {
  const struct sockaddr_un name = {AF_UNIX, "\0bailiff-bit"};
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  const socklen_t length = offsetof(struct sockaddr_un, sun_path) + 12;
  const int rc = (bind_it ? bind : connect)(fd, (const struct sockaddr*)&name, length);
  if (bind_it && rc == 0) return listen(fd, 1);
  if (!bind_it) close(fd);
  return rc;
}
static void plant_abstract(void) { must(abstract(1) == 0, "bind"); }
static int look_abstract(void) { return abstract(0) == 0; }
static void plant_port(void) {
  const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(4711)};
  must(bind(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr*)&any, sizeof any) == 0, "bind");
}
static int look_port(void) {
  const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(4711)};
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int taken = bind(fd, (const struct sockaddr*)&any, sizeof any) < 0;
  close(fd);
  return taken;
}
/// The network namespace counts what was tried in it.
static void plant_net_counters(void) {
  const struct sockaddr_in away = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr = {htonl(0xc0000201)}};
  for (int i = 0; i < 20; ++i) {
    const int fd = socket(AF_INET, i % 2 ? SOCK_DGRAM : SOCK_STREAM, 0);
    (void)connect(fd, (const struct sockaddr*)&away, sizeof away);
    close(fd);
  }
}
static int look_net_counters(void) {
  static const char* const kFiles[] = {"/proc/self/net/snmp", "/proc/self/net/netstat", "/proc/self/net/snmp6"};
  int seen = 0;
  for (int i = 0; i < 3; ++i) {
    FILE* file = fopen(kFiles[i], "r");
    char line[8192];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
      // Only the counters: the numbers before them are settings.
      if (strncmp(line, "Ip: ", 4) == 0) {
        char* at = line + 4;
        long value[12] = {0};
        for (int k = 0; k < 12; ++k) value[k] = strtol(at, &at, 10);
        seen |= value[11] != 0;  // OutNoRoutes
      }
      if (strstr(line, "Ip6OutNoRoutes")) seen |= strtol(line + 32, NULL, 10) != 0;
    }
    if (file != NULL) fclose(file);
  }
  return seen;
}
static void plant_keyring(void) { (void)syscall(SYS_add_key, "user", "bit", "1", 1, -4 /* user keyring */); }
static int look_keyring(void) { return syscall(SYS_request_key, "user", "bit", NULL, 0) >= 0; }

// Locks and watches

static void plant_flock_box(void) { must(flock(open_or_die("in.txt", O_RDONLY), LOCK_EX | LOCK_NB) == 0, "flock"); }
static int flocked(const char* path) {
  const int fd = open_or_die(path, O_RDONLY);
  const int taken = flock(fd, LOCK_EX | LOCK_NB) < 0;
  close(fd);
  return taken;
}
static int look_flock_box(void) { return flocked("in.txt"); }
static void set_lock(const char* path, int flags, int command, short type) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
  must(fcntl(open_or_die(path, flags), command, &lock) == 0, "F_SETLK");
}
static int locked(const char* path) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
  const int fd = open_or_die(path, O_RDONLY);
  must(fcntl(fd, F_GETLK, &lock) == 0, "F_GETLK");
  close(fd);
  return lock.l_type != F_UNLCK;
}
static void plant_fcntl_box(void) { set_lock("in.txt", O_RDWR, F_SETLK, F_WRLCK); }
static int look_fcntl_box(void) { return locked("in.txt"); }
static void plant_ofd_box(void) { set_lock("in.txt", O_RDWR, F_OFD_SETLK, F_WRLCK); }
static void plant_lease_box(void) { must(fcntl(open_or_die("in.txt", O_RDONLY), F_SETLEASE, F_RDLCK) == 0, "F_SETLEASE"); }
static int look_lease_box(void) {  // a lease for reading ends an attempt to write
  const int fd = open("in.txt", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd >= 0) close(fd);
  return fd < 0 && errno == EWOULDBLOCK;
}
static void plant_flock_shared(void) { (void)flock(open_or_die(kShared, O_RDONLY), LOCK_EX | LOCK_NB); }
static int look_flock_shared(void) { return flocked(kShared); }
static void lock_shared(int command) {
  struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
  (void)fcntl(open_or_die(kShared, O_RDONLY), command, &lock);
}
static void plant_fcntl_shared(void) { lock_shared(F_SETLK); }
static void plant_ofd_shared(void) { lock_shared(F_OFD_SETLK); }
static int look_fcntl_shared(void) { return locked(kShared); }
static void plant_lease_shared(void) { (void)fcntl(open_or_die(kShared, O_RDONLY), F_SETLEASE, F_RDLCK); }
static int look_lease_shared(void) {
  const int fd = open_or_die(kShared, O_RDONLY);
  const int lease = fcntl(fd, F_GETLEASE);
  close(fd);
  return lease != F_UNLCK && lease >= 0;
}
/// Opens the shared file all the time; who watches it sees that.
static void plant_inotify_shared(void) {
  if (fork() != 0) return;
  for (int i = 0; i < 2000; ++i) {
    close(open(kShared, O_RDONLY | O_CLOEXEC));
    usleep(2000);
  }
  _exit(0);
}
static int look_inotify_shared(void) {
  static int watch = -1;
  if (watch < 0) {
    watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch < 0 || inotify_add_watch(watch, kShared, IN_OPEN) < 0) return 0;
  }
  struct pollfd fd = {watch, POLLIN, 0};
  return poll(&fd, 1, 50) > 0;
}
/// A futex in a shared mapping of a shared file: whoever wakes it learns how many slept.
static uint32_t* shared_word(void) {
  void* page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, open_or_die(kShared, O_RDONLY), 0);
  must(page != MAP_FAILED, "mmap");
  return page;
}
static void plant_futex_shared(void) {
  uint32_t* word = shared_word();
  if (fork() != 0) return;
  for (int i = 0; i < 100; ++i) {
    const struct timespec wait = {0, 100000000};
    syscall(SYS_futex, word, FUTEX_WAIT, *word, &wait, NULL, 0);
  }
  _exit(0);
}
static int look_futex_shared(void) {
  static uint32_t* word;
  if (word == NULL) word = shared_word();
  usleep(20000);
  return syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0) > 0;
}

// Processes and what they have

static void plant_pids(void) {
  for (int i = 0; i < 60; ++i) {
    const pid_t pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) _exit(0);
    waitpid(pid, NULL, 0);
  }
}
static int look_pids(void) {
  static pid_t pid;  // once: looking uses a number up
  if (pid == 0) {
    pid = fork();
    must(pid >= 0, "fork");
    if (pid == 0) _exit(0);
    waitpid(pid, NULL, 0);
  }
  return pid > 40;
}
static void plant_process(void) {
  if (fork() != 0) return;
  setsid();
  if (fork() != 0) _exit(0);
  for (int signal = 1; signal < 64; ++signal) sigaction(signal, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
  for (;;) pause();
}
static int look_process(void) {
  int others = 0;
  for (int pid = 2; pid < 300; ++pid) others += pid != getpid() && kill(pid, 0) == 0;
  return others;
}
/// The keeper's own CPU time: whoever orphans processes makes it work, and its clock can be read by its number.
static long keeper_ns(void) {
  struct timespec time = {0};
  if (syscall(SYS_clock_gettime, ~1 << 3 | 2, &time) < 0) return 0;
  return time.tv_sec * 1000000000 + time.tv_nsec;
}
static void plant_keeper_clock(void) {
  for (int i = 0; i < 20000 && keeper_ns() < 40000000; ++i) {
    const pid_t pid = fork();
    if (pid == 0) {
      if (fork() == 0) _exit(0);
      _exit(0);
    }
    waitpid(pid, NULL, 0);
  }
}
static int look_keeper_clock(void) { return keeper_ns() > 30000000; }
static void plant_environment(void) { must(setenv("BIT", "1", 1) == 0, "setenv"); }
static int look_environment(void) { return getenv("BIT") != NULL; }
static void plant_pty(void) { (void)open("/dev/ptmx", O_RDWR | O_NOCTTY); }
static int look_pty(void) { return there("/dev/ptmx") || there("/dev/pts") || there("/dev/tty"); }
static void plant_hostname(void) { (void)sethostname("bit", 3); }
static int look_hostname(void) {
  struct utsname names;
  uname(&names);
  return strcmp(names.nodename, "box") != 0;
}
static void plant_umask(void) { umask(077); }
static int look_umask(void) {
  const mode_t mask = umask(022);
  return mask != 022;
}
static void plant_cwd(void) { must(chdir("/tmp") == 0, "chdir"); }
static int look_cwd(void) {
  char where[4096];
  return getcwd(where, sizeof where) == NULL || strcmp(where, "/box") != 0;
}
static void plant_nice(void) { must(setpriority(PRIO_PROCESS, 0, 5) == 0, "setpriority"); }
static int look_nice(void) { return getpriority(PRIO_PROCESS, 0) != 0; }
static void plant_nice_of_keeper(void) { (void)setpriority(PRIO_PROCESS, 1, 5); }
static int look_nice_of_keeper(void) { return getpriority(PRIO_PROCESS, 1) != 0; }
static int oom_score(void) {
  char text[16] = "";
  const int fd = open_or_die("/proc/self/oom_score_adj", O_RDONLY);
  must(read(fd, text, sizeof text - 1) > 0, "oom_score_adj");
  close(fd);
  return atoi(text);
}
static void plant_oom_score(void) { put("/proc/self/oom_score_adj", "1000"); }
static int look_oom_score(void) { return oom_score() != 1000; }
static void plant_timer_slack(void) { must(prctl(PR_SET_TIMERSLACK, 1000000, 0, 0, 0) == 0, "timer slack"); }
static int look_timer_slack(void) { return prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) != 50000; }
static void plant_descriptor(void) { must(fcntl(open("/box/in.txt", O_RDONLY), F_DUPFD, 20) >= 0, "dup"); }
static int look_descriptor(void) {
  int found = 0;
  for (int fd = 3; fd < 64; ++fd) found |= fcntl(fd, F_GETFD) >= 0;
  return found;
}
static void plant_rlimit(void) {
  const struct rlimit less = {32, 32};
  must(setrlimit(RLIMIT_NOFILE, &less) == 0, "setrlimit");
}
static int look_rlimit(void) {
  struct rlimit limit = {0, 0};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max != 64;
}
static void plant_signals(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  signal(SIGUSR1, SIG_IGN);
}
static int look_signals(void) {
  sigset_t now;
  sigprocmask(SIG_SETMASK, NULL, &now);
  struct sigaction action;
  sigaction(SIGUSR1, NULL, &action);
  return sigismember(&now, SIGUSR2) || action.sa_handler != SIG_DFL;
}
static void plant_session(void) { (void)setpgid(0, 0); }
static int look_session(void) { return getsid(0) != getpid() || getpgid(0) != getpid() || getppid() != 1; }
static void plant_affinity(void) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  (void)sched_setaffinity(0, sizeof one, &one);
}
static int look_affinity(void) {
  cpu_set_t set;
  must(sched_getaffinity(0, sizeof set, &set) == 0, "sched_getaffinity");
  return CPU_COUNT(&set) < sysconf(_SC_NPROCESSORS_ONLN);
}

// kind: 'a' another process can see it while the planter lives; 's' only the process itself, so `both` is one process;
// 'n' it cannot be planted and seen in one run (the call is refused, say): there is no counterfactual;
// 'r' from run to run only: it takes too long to plant.
static const struct Topic {
  const char* name;
  char kind;
  void (*plant)(void);
  int (*look)(void);
} kTopics[] = {
    {"file_in_box", 'a', plant_box, look_box},
    {"file_in_tmp", 'a', plant_tmp, look_tmp},
    {"file_in_shm", 'a', plant_shm, look_shm},
    {"file_in_subdirectory", 'a', plant_deep, look_deep},
    {"directory", 'a', plant_directory, look_tmp},
    {"symlink", 'a', plant_symlink, look_shm},
    {"fifo", 'a', plant_fifo, look_tmp},
    {"file_modified", 'a', plant_modify, look_modify},
    {"file_modified_in_subdirectory", 'a', plant_modify_deep, look_modify_deep},
    {"file_appended", 'a', plant_append, look_modify},
    {"file_truncated", 'a', plant_truncate, look_modify},
    {"file_hole", 'a', plant_hole, look_modify},
    {"file_removed", 'a', plant_remove, look_modify},
    {"file_renamed", 'a', plant_rename, look_modify},
    {"file_replaced", 'a', plant_replace, look_replace},
    {"file_mapped", 'a', plant_mmap, look_modify},
    {"file_mapped_and_not_closed", 'a', plant_mmap_unclosed, look_modify},
    {"hard_link", 'a', plant_hard_link, look_hard_link},
    {"mode", 'a', plant_mode, look_mode},
    {"mode_of_directory", 'a', plant_mode_of_directory, look_mode_of_directory},
    {"mtime", 'a', plant_mtime, look_mtime},
    {"mtime_of_directory", 'a', plant_mtime_of_directory, look_mtime_of_directory},
    {"atime", 'n', plant_atime, look_atime},
    {"xattr", 'a', plant_xattr, look_xattr},
    {"xattr_of_directory", 'a', plant_xattr_of_directory, look_xattr_of_directory},
    {"file_flags", 'n', plant_flags, look_flags},
    {"file_flags_of_directory", 'n', plant_flags_of_directory, look_flags_of_directory},
    {"write_hint", 'n', plant_hint, look_hint},
    {"write_hint_of_directory", 'n', plant_hint_of_directory, look_hint_of_directory},
    {"write_hint_of_shared_file", 'n', plant_hint_shared, look_hint_shared},
    {"inode_numbers", 'a', plant_inodes, look_inodes},
    {"inode_numbers_of_unnamed_files", 'a', plant_inodes_unnamed, look_inodes},
    {"mount_order", 'n', plant_mount_order, look_mount_order},
    {"stdin_flags", 'a', plant_stdin_flags, look_stdin_flags},
    {"stdin_signal", 'a', plant_stdin_signal, look_stdin_signal},
    {"stdin_lock", 'a', plant_stdin_lock, look_stdin_lock},
    {"stdin_offset", 'n', plant_stdin_offset, look_stdin_offset},
    {"stdout_flags", 'a', plant_stdout_flags, look_stdout_flags},
    {"sysv_shm", 'a', plant_sysv_shm, look_sysv_shm},
    {"sysv_sem", 'a', plant_sysv_sem, look_sysv_sem},
    {"sysv_msg", 'a', plant_sysv_msg, look_sysv_msg},
    {"sysv_numbers", 'a', plant_sysv_number, look_sysv_number},
    {"mqueue", 'a', plant_mq, look_mq},
    {"mqueue_bytes", 'a', plant_mq_bytes, look_mq_bytes},
    {"locked_bytes", 'a', plant_locked_bytes, look_locked_bytes},
    {"abstract_socket", 'a', plant_abstract, look_abstract},
    {"port", 'a', plant_port, look_port},
    {"network_counters", 'a', plant_net_counters, look_net_counters},
    {"keyring", 'n', plant_keyring, look_keyring},
    {"flock_in_box", 'a', plant_flock_box, look_flock_box},
    {"fcntl_lock_in_box", 'a', plant_fcntl_box, look_fcntl_box},
    {"ofd_lock_in_box", 'a', plant_ofd_box, look_fcntl_box},
    {"lease_in_box", 'a', plant_lease_box, look_lease_box},
    {"flock_on_shared_file", 'a', plant_flock_shared, look_flock_shared},
    {"fcntl_lock_on_shared_file", 'a', plant_fcntl_shared, look_fcntl_shared},
    {"ofd_lock_on_shared_file", 'a', plant_ofd_shared, look_fcntl_shared},
    {"lease_on_shared_file", 'n', plant_lease_shared, look_lease_shared},
    {"inotify_on_shared_file", 'a', plant_inotify_shared, look_inotify_shared},
    {"futex_on_shared_file", 'a', plant_futex_shared, look_futex_shared},
    {"pid_numbers", 'a', plant_pids, look_pids},
    {"process", 'a', plant_process, look_process},
    {"keeper_clock", 'r', plant_keeper_clock, look_keeper_clock},
    {"environment", 's', plant_environment, look_environment},
    {"pty", 'n', plant_pty, look_pty},
    {"hostname", 'n', plant_hostname, look_hostname},
    {"umask", 's', plant_umask, look_umask},
    {"cwd", 's', plant_cwd, look_cwd},
    {"nice", 's', plant_nice, look_nice},
    {"nice_of_keeper", 'n', plant_nice_of_keeper, look_nice_of_keeper},
    {"oom_score", 'n', plant_oom_score, look_oom_score},
    {"timer_slack", 's', plant_timer_slack, look_timer_slack},
    {"descriptor", 's', plant_descriptor, look_descriptor},
    {"rlimit", 's', plant_rlimit, look_rlimit},
    {"signals", 's', plant_signals, look_signals},
    {"session", 'n', plant_session, look_session},
    {"affinity", 'n', plant_affinity, look_affinity},
};

static long now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/// In a child that then stays, as another program in the box would.
static void plant_beside(const struct Topic* topic) {
  int planted[2];
  must(pipe(planted) == 0, "pipe");
  const pid_t pid = fork();
  must(pid >= 0, "fork");
  if (pid == 0) {
    topic->plant();
    must(write(planted[1], "", 1) == 1, "write");
    for (;;) pause();
  }
  close(planted[1]);
  char byte;
  must(read(planted[0], &byte, 1) == 1, "planting");
  close(planted[0]);
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOFBF, 4096);
  if (argc == 2 && strcmp(argv[1], "topics") == 0) {
    for (size_t i = 0; i < sizeof kTopics / sizeof kTopics[0]; ++i) printf("%s %c\n", kTopics[i].name, kTopics[i].kind);
    return 0;
  }
  const struct Topic* topic = NULL;
  for (size_t i = 0; argc > 2 && i < sizeof kTopics / sizeof kTopics[0]; ++i) {
    if (strcmp(kTopics[i].name, argv[2]) == 0) topic = &kTopics[i];
  }
  if (topic == NULL) return 64;
  const long ms = argc > 3 ? atol(argv[3]) : 0;
  if (strcmp(argv[1], "plant") == 0) {
    topic->plant();
    puts("planted");
  } else if (strcmp(argv[1], "look") == 0) {
    printf("%d\n", topic->look() != 0);
  } else if (strcmp(argv[1], "both") == 0) {
    if (topic->kind == 's') {
      topic->plant();
    } else {
      plant_beside(topic);
    }
    printf("%d\n", topic->look() != 0);
  } else if (strcmp(argv[1], "hold") == 0) {
    topic->plant();
    const long begin = now_ms();
    usleep((useconds_t)ms * 1000);
    printf("%ld %ld\n", begin, now_ms());
  } else if (strcmp(argv[1], "watch") == 0) {
    usleep((useconds_t)ms * 250);
    const long begin = now_ms();
    int seen = 0;
    while (now_ms() < begin + ms / 2) {
      seen |= topic->look() != 0;
      usleep(5000);
    }
    printf("%d %ld %ld\n", seen, begin, now_ms());
  } else {
    return 64;
  }
  return 0;
}
