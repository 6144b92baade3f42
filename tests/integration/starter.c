// starter PROGRAM ARGUMENTS…: the smallest parent there is. Starts the program, waits, and prints on standard output
// its ru_maxrss and what the starter itself had resident, both in KiB. No libc: that would be 600 KiB.

#include <linux/fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static long call(long nr, long a, long b, long c, long d) {
  long result;
#if defined(__x86_64__)
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
#else
  register long x8 __asm__("x8") = nr;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  result = x0;
#endif
  return result;
}

static char line[64];
static int length = 0;

static void put_number(long value, char end) {
  char digits[24];
  int count = 0;
  do digits[count++] = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  while (count > 0) line[length++] = digits[--count];
  line[length++] = end;
}

static long own_resident_kib(void) {
  static char text[128];
  const long fd = call(SYS_openat, AT_FDCWD, (long)"/proc/self/statm", 0, 0);
  if (fd < 0 || call(SYS_read, fd, (long)text, sizeof text - 1, 0) <= 0) return 0;
  const char* c = text;
  while (*c != ' ') ++c;
  long pages = 0;
  while (*++c >= '0' && *c <= '9') pages = pages * 10 + (*c - '0');
  return pages * 4;
}

__attribute__((used)) static void start(long* stack) {
  char** argv = (char**)(stack + 2);  // past argc and argv[0]
  char** envp = (char**)(stack + 1 + stack[0] + 1);
  struct rusage usage = {0};
  int status = 0;
  const long pid = call(SYS_clone, 17 /* SIGCHLD */, 0, 0, 0);
  if (pid == 0) {
    call(SYS_execve, (long)argv[0], (long)argv, (long)envp, 0);
    call(SYS_exit_group, 127, 0, 0, 0);
  }
  call(SYS_wait4, pid, (long)&status, 0, (long)&usage);
  put_number(usage.ru_maxrss, ' ');
  put_number(own_resident_kib(), '\n');
  call(SYS_write, 1, (long)line, length, 0);
  for (;;) call(SYS_exit_group, status != 0, 0, 0, 0);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
#else
__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tbl start\n");
#endif
