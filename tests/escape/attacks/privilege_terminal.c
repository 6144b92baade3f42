/* attack: privilege_terminal
 * tries: types into a terminal
 * must: refused
 * why: TIOCSTI: CVE-2005-4890 and many since
 * layer: seccomp
 * without: mount
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/ioctl.h>
int main(void) {
  int requests[] = {0x5412, 0x541C, 0x541D, 0x5423, 0x540E};
  char how[64];
  for (int fd = 0; fd < 3; ++fd) {
    for (int i = 0; i < 5; ++i) {
      snprintf(how, sizeof how, "ioctl %x of descriptor %d", requests[i], fd);
      try_must_fail(ioctl(fd, requests[i], "x") >= 0, how);
    }
  }
  MUST_FAIL(open("/dev/tty", O_RDWR));
  MUST_FAIL(posix_openpt(O_RDWR | O_NOCTTY));
  return verdict();
}
