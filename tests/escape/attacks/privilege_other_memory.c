/* attack: privilege_other_memory
 * tries: reads and writes the memory of others: process_vm_readv, pidfd_getfd, kcmp, process_madvise
 * must: refused
 * why: S34
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/uio.h>
int main(void) {
  char buffer[16];
  struct iovec local = {buffer, 16}, remote = {(void *)0x200000000, 16};
  int pidfd = syscall(SYS_pidfd_open, getpid(), 0);
  MUST_FAIL(process_vm_readv(1, &local, 1, &remote, 1, 0));
  MUST_FAIL(process_vm_writev(1, &local, 1, &remote, 1, 0));
  MUST_FAIL(process_vm_readv(getpid(), &local, 1, &local, 1, 0));
  MUST_FAIL(syscall(438, pidfd, 1, 0));
  MUST_FAIL(syscall(SYS_kcmp, 1, getpid(), 0, 0, 0));
  MUST_FAIL(syscall(440, pidfd, &local, 1, 4, 0));
  return verdict();
}
