// inside: what a program in a box can see of itself and around it, as one JSON object.

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static int fields = 0;

static void key(const char* name) { printf("%s\"%s\": ", fields++ ? ",\n " : "{", name); }

static void number(const char* name, long long value) {
  key(name);
  printf("%lld", value);
}

static void quoted(const char* text) {
  putchar('"');
  for (; *text; ++text) {
    if (*text == '"' || *text == '\\') putchar('\\');
    if ((unsigned char)*text >= 0x20) putchar(*text);
  }
  putchar('"');
}

static void text(const char* name, const char* value) {
  key(name);
  quoted(value);
}

/// 0, or the name of what went wrong.
static void outcome(const char* name, long rc) {
  const int error = errno;
  text(name, rc >= 0 ? "done" : strerrorname_np(error));
}

/// The lines of /proc/self/status as an object: the kernel's own words for ids, capabilities and signals.
static void status(void) {
  FILE* file = fopen("/proc/self/status", "r");
  char line[1024];
  key("status");
  putchar('{');
  for (int i = 0; file != NULL && fgets(line, sizeof line, file) != NULL; ++i) {
    char* colon = strchr(line, ':');
    if (colon == NULL) continue;
    *colon = 0;
    char* value = colon + 1 + strspn(colon + 1, " \t");
    value[strcspn(value, "\n")] = 0;
    for (char* c = value; *c; ++c) {
      if (*c == '\t') *c = ' ';
    }
    if (i > 0) putchar(',');
    quoted(line);
    putchar(':');
    quoted(value);
  }
  putchar('}');
}

static int by_name(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }

static void names_in(const char* name, const char* directory, int only_numbers) {
  static char* names[4096];
  int count = 0;
  DIR* dir = opendir(directory);
  key(name);
  if (dir == NULL) {
    quoted(strerrorname_np(errno));
    return;
  }
  for (struct dirent* entry; (entry = readdir(dir)) != NULL && count < 4096;) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    if (only_numbers && strspn(entry->d_name, "0123456789") != strlen(entry->d_name)) continue;
    if (only_numbers == 2 && atoi(entry->d_name) == dirfd(dir)) continue;  // the one we look with
    names[count++] = strdup(entry->d_name);
  }
  closedir(dir);
  qsort(names, count, sizeof names[0], by_name);
  putchar('[');
  for (int i = 0; i < count; ++i) {
    if (i > 0) putchar(',');
    quoted(names[i]);
  }
  putchar(']');
}

static void limits(void) {
  static const struct { const char* name; int resource; } kAll[] = {
      {"cpu", RLIMIT_CPU}, {"stack", RLIMIT_STACK}, {"file_size", RLIMIT_FSIZE}, {"open_files", RLIMIT_NOFILE},
      {"processes", RLIMIT_NPROC}, {"core", RLIMIT_CORE}, {"memlock", RLIMIT_MEMLOCK}, {"as", RLIMIT_AS},
      {"data", RLIMIT_DATA}, {"nice", RLIMIT_NICE}, {"rtprio", RLIMIT_RTPRIO}};
  key("rlimits");
  for (size_t i = 0; i < sizeof kAll / sizeof kAll[0]; ++i) {
    struct rlimit limit = {0, 0};
    getrlimit(kAll[i].resource, &limit);
    printf("%s\"%s\": [%lld, %lld]", i ? "," : "{", kAll[i].name, (long long)limit.rlim_cur, (long long)limit.rlim_max);
  }
  putchar('}');
}

/// Signals whose disposition is not the default, asked of the kernel and not of libc, which hides two of them.
static void dispositions(void) {
  key("signals_not_default");
  putchar('[');
  int count = 0;
  for (int signal = 1; signal <= 64; ++signal) {
    struct { void* handler; unsigned long flags; void* restorer; uint64_t mask; } action = {0};
    if (syscall(SYS_rt_sigaction, signal, NULL, &action, 8) == 0 && action.handler != SIG_DFL) {
      printf("%s%d", count++ ? "," : "", signal);
    }
  }
  putchar(']');
}

static void timers(void) {
  static const int kAll[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
  long long armed = 0;
  for (int i = 0; i < 3; ++i) {
    struct itimerval left = {{0, 0}, {0, 0}};
    getitimer(kAll[i], &left);
    armed += left.it_value.tv_sec != 0 || left.it_value.tv_usec != 0;
  }
  number("timers_armed", armed);
  number("timer_slack", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
}

static void network(void) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  key("interfaces");
  putchar('[');
  int count = 0;
  for (int i = 1; i < 1000; ++i) {
    struct ifreq request = {0};
    request.ifr_ifindex = i;
    if (ioctl(fd, SIOCGIFNAME, &request) < 0) continue;
    if (count++) putchar(',');
    quoted(request.ifr_name);
  }
  putchar(']');
  struct sockaddr_in address = {AF_INET, htons(53), {0}};
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  outcome("connect_loopback", connect(fd, (struct sockaddr*)&address, sizeof address));
  inet_pton(AF_INET, "192.0.2.1", &address.sin_addr);
  outcome("connect_outside", connect(fd, (struct sockaddr*)&address, sizeof address));
}

static void mounts(void) {
  FILE* file = fopen("/proc/self/mountinfo", "r");
  char line[4096];
  key("mounts");
  putchar('{');
  for (int i = 0; file != NULL && fgets(line, sizeof line, file) != NULL; ++i) {
    char where[1024], options[1024];
    if (sscanf(line, "%*s %*s %*s %*s %1023s %1023s", where, options) != 2) continue;
    if (i > 0) putchar(',');
    quoted(where);
    putchar(':');
    quoted(options);
  }
  putchar('}');
}

static void devices(void) {
  static const char* const kAll[] = {"null", "zero", "full", "random", "urandom"};
  key("device_numbers");
  for (int i = 0; i < 5; ++i) {
    char path[64];
    struct stat found = {0};
    snprintf(path, sizeof path, "/dev/%s", kAll[i]);
    stat(path, &found);
    printf("%s\"%s\": \"%u:%u %o\"", i ? "," : "{", kAll[i], (unsigned)(found.st_rdev >> 8), (unsigned)(found.st_rdev & 255),
           found.st_mode);
  }
  putchar('}');
}

static void input(void) {
  char target[256] = "", bytes[17] = "";
  struct stat found = {0};
  fstat(0, &found);
  (void)!readlink("/proc/self/fd/0", target, sizeof target - 1);
  (void)!read(0, bytes, sizeof bytes - 1);
  key("input");
  printf("{\"file\": ");
  quoted(target);
  printf(", \"size\": %lld, \"flags\": %d, \"seals\": %d, \"begins\": ", (long long)found.st_size, fcntl(0, F_GETFL),
         fcntl(0, F_GET_SEALS));
  quoted(bytes);
  putchar('}');
}

/// How long ago our process was made, to a clock tick: not when it became this program.
static void age(void) {
  char line[1024] = "";
  struct timespec up = {0, 0};
  unsigned long long started = 0;
  FILE* stat_file = fopen("/proc/self/stat", "r");
  clock_gettime(CLOCK_BOOTTIME, &up);
  if (stat_file != NULL && fgets(line, sizeof line, stat_file) != NULL)
    sscanf(strrchr(line, ')'), ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &started);
  number("age_ms", 1000LL * up.tv_sec + up.tv_nsec / 1000000 - (long long)(1000 * started / (unsigned long long)sysconf(_SC_CLK_TCK)));
}

static void strings(const char* name, char** all) {
  key(name);
  putchar('[');
  for (char** one = all; *one != NULL; ++one) {
    if (one != all) putchar(',');
    quoted(*one);
  }
  putchar(']');
}

static void one_line(const char* name, const char* path) {
  char line[4096] = "";
  const int fd = open(path, O_RDONLY);
  if (fd >= 0) (void)!read(fd, line, sizeof line - 1);
  line[strcspn(line, "\n")] = 0;
  text(name, fd < 0 ? strerrorname_np(errno) : line);
  if (fd >= 0) close(fd);
}

int main(int argc, char** argv, char** env) {
  (void)argc;
  // First what looking itself would change.
  names_in("descriptors", "/proc/self/fd", 2);
  age();
  input();
  strings("arguments", argv);
  strings("environment", env);
  char directory[4096] = "";
  text("directory", getcwd(directory, sizeof directory) != NULL ? directory : strerrorname_np(errno));
  uid_t uids[3];
  gid_t gids[3];
  getresuid(&uids[0], &uids[1], &uids[2]);
  getresgid(&gids[0], &gids[1], &gids[2]);
  number("uid", uids[0] == uids[1] && uids[1] == uids[2] ? uids[0] : -1);
  number("gid", gids[0] == gids[1] && gids[1] == gids[2] ? gids[0] : -1);
  number("groups", getgroups(0, NULL));
  number("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  number("securebits", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
  number("parent_death_signal", ({ int s = 0; prctl(PR_GET_PDEATHSIG, &s, 0, 0, 0); s; }));
  number("subreaper", ({ int s = 0; prctl(PR_GET_CHILD_SUBREAPER, &s, 0, 0, 0); s; }));
  number("nice", (errno = 0, getpriority(PRIO_PROCESS, 0)));
  number("scheduler", sched_getscheduler(0));
  number("umask", umask(022));
  number("personality", personality(0xffffffff));
  number("pid", getpid());
  number("parent", getppid());
  number("session", getsid(0));
  number("group", getpgid(0));
  outcome("open_tty", open("/dev/tty", O_RDWR));
  status();
  dispositions();
  timers();
  limits();
  one_line("oom_score_adj", "/proc/self/oom_score_adj");
  one_line("cgroup", "/proc/self/cgroup");
  one_line("init_cmdline", "/proc/1/cmdline");
  struct utsname names;
  uname(&names);
  text("hostname", names.nodename);
  network();
  names_in("processes", "/proc", 1);
  names_in("root", "/", 0);
  names_in("etc", "/etc", 0);
  names_in("dev", "/dev", 0);
  names_in("proc", "/proc", 0);
  devices();
  mounts();
  struct statvfs root = {0};
  statvfs("/", &root);
  number("root_read_only", (root.f_flag & ST_RDONLY) != 0);
  outcome("write_root", mkdir("/made", 0755));
  outcome("write_usr", open("/usr/made", O_CREAT | O_WRONLY, 0644));
  outcome("write_etc", open("/etc/passwd", O_WRONLY));
  outcome("write_dev", mkdir("/dev/made", 0755));
  outcome("write_box", open("/box/made", O_CREAT | O_WRONLY, 0644));
  outcome("write_tmp", open("/tmp/made", O_CREAT | O_WRONLY, 0644));
  outcome("write_shm", open("/dev/shm/made", O_CREAT | O_WRONLY, 0644));
  outcome("set_uid", setresuid(0, 0, 0));
  outcome("raise_priority", setpriority(PRIO_PROCESS, 0, -1));
  outcome("keyctl", syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -3 /* session */, 0));
  outcome("slow_down_the_keeper", setpriority(PRIO_PROCESS, 1, 7));  // last: what comes after is another run's
  text("end", "}");
  putchar('}');
  putchar('\n');
  return 0;
}
