/* attack: privilege_foreign_abi
 * tries: calls the kernel by other doors: int 0x80 and x32 numbers
 * must: refused or killed, never let through
 * why: S11 isolate 2.4: a filter that looks at numbers only
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":["OK","SV"],"stdout":{"text":["contained\n",""]}}
 */
#include "attack.h"
int main(void) {
#ifdef __x86_64__
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    long result;
    asm volatile("int $0x80" : "=a"(result) : "a"(20), "b"(0) : "memory");  /* i386 getpid */
    _exit(result > 0 ? 1 : 0);
  }
  waitpid(pid, &status, 0);
  try_must_fail(WIFEXITED(status) && WEXITSTATUS(status) == 1, "int 0x80");
  pid = fork();
  if (pid == 0) _exit(syscall(0x40000000 | SYS_getpid) > 0);
  waitpid(pid, &status, 0);
  try_must_fail(WIFEXITED(status) && WEXITSTATUS(status) == 1, "x32");
#endif
  return verdict();
}
