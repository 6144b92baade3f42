/* attack: filesystem_inherited_descriptors
 * tries: writes to every descriptor from 0 to 1023 but its own output and error
 * must: each is closed, or (0) not writable
 * why: S13 ejudge#98, S15 QDUOJ: the result went through an inherited descriptor
 * layer: close_range
 * without: close
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n","bytes":10},"stderr":{"bytes":0}}
 */
#include "attack.h"
int main(void) {
  static const char forged[] = "{\"status\":\"OK\"}\n";
  char how[64];
  for (int fd = 0; fd < 1024; ++fd) {
    if (fd == 1 || fd == 2) continue;
    snprintf(how, sizeof how, "descriptor %d is open", fd);
    try_must_fail(fd > 2 && fcntl(fd, F_GETFD) >= 0, how);
    try_must_fail(write(fd, forged, sizeof forged - 1) > 0, how);
  }
  return verdict();
}
