/* attack: network_configure
 * tries: brings up an interface and gives it an address
 * must: refused
 * why: loopback up is a channel only if it is shared, still nobody needs it
 * layer: no capabilities
 * without: caps
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/ioctl.h>
#include <net/if.h>
int main(void) {
  struct ifreq request = {"lo"};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  request.ifr_flags = IFF_UP;
  MUST_FAIL(ioctl(fd, SIOCSIFFLAGS, &request));
  MUST_FAIL(ioctl(fd, SIOCSIFADDR, &request));
  struct if_nameindex *names = if_nameindex();
  for (struct if_nameindex *n = names; n != NULL && n->if_index != 0; ++n) {
    try_must_fail(strcmp(n->if_name, "lo") != 0, n->if_name);
  }
  return verdict();
}
