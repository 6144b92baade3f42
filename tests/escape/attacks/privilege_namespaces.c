/* attack: privilege_namespaces
 * tries: makes every kind of namespace, by clone, clone3 and unshare, alone and inside a user namespace
 * must: refused
 * why: in a user namespace of its own it has all capabilities
 * layer: seccomp
 * without: seccomp
 * bounds: processes=4 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  unsigned long flags[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, 0x80, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET};
  char how[64];
  for (int i = 0; i < 9; ++i) {
    snprintf(how, sizeof how, "namespace flags %lx", flags[i]);
    try_must_fail(unshare(flags[i]) == 0, how);
    if (flags[i] != 0x80) {
      long pid = syscall(SYS_clone, flags[i] | SIGCHLD, 0, 0, 0, 0);
      if (pid == 0) _exit(0);
      try_must_fail(pid > 0, how);
    }
    uint64_t args[11] = {flags[i], 0, 0, 0, flags[i] ? SIGCHLD : 0};
    long pid = syscall(SYS_clone3, args, sizeof args);
    if (pid == 0) _exit(0);
    try_must_fail(pid > 0, how);
  }
  int fd = open("/proc/self/ns/net", O_RDONLY);
  MUST_FAIL(setns(fd, 0));
  MUST_FAIL(setns(syscall(SYS_pidfd_open, getpid(), 0), CLONE_NEWNET));
  return verdict();
}
