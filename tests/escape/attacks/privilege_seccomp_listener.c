/* attack: privilege_seccomp_listener
 * tries: installs a filter with a listener of its own: the younger listener is asked first
 * must: refused
 * why: it could wave through what ours reports
 * layer: seccomp
 * without: seccomp
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <linux/filter.h>
int main(void) {
  struct sock_filter allow = {6, 0, 0, 0x7fff0000};
  struct sock_fprog program = {1, &allow};
  MUST_FAIL(syscall(SYS_seccomp, 1, 8, &program));
  return verdict();
}
