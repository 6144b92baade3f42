/* attack: privilege_bpf
 * tries: makes a BPF map and loads a program
 * must: refused
 * why: S34
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  char attr[128] = {1, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1};
  for (int command = 0; command < 40; ++command) MUST_FAIL(syscall(SYS_bpf, command, attr, sizeof attr));
  return verdict();
}
