/* attack: privilege_kernel_replacement
 * tries: loads a kernel, a module, swap; reboots
 * must: refused
 * why: S34
 * layer: seccomp
 * without: seccomp caps
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  MUST_FAIL(syscall(SYS_kexec_load, 0, 0, NULL, 0));
  MUST_FAIL(syscall(SYS_kexec_file_load, 0, 0, 0, "", 0));
  MUST_FAIL(syscall(SYS_init_module, "", 0, ""));
  MUST_FAIL(syscall(SYS_finit_module, 0, "", 0));
  MUST_FAIL(syscall(SYS_delete_module, "x", 0));
  MUST_FAIL(syscall(SYS_swapon, "/tmp/x", 0));
  MUST_FAIL(syscall(SYS_swapoff, "/tmp/x"));
  MUST_FAIL(syscall(SYS_acct, NULL));
  MUST_FAIL(syscall(SYS_reboot, 0xfee1dead, 672274793, 0x89abcdef, 0));
  return verdict();
}
