/* attack: network_see_machine
 * tries: reads which interfaces, addresses, routes, neighbours and connections the machine has
 * must: there is none but a loopback that is down
 * why: the map of the judge's network is worth having
 * layer: net namespace
 * without: net
 * breach: leaked
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <net/if.h>
#include <sys/ioctl.h>
static int lines_of(const char *path) {
  char line[512];
  int count = 0;
  FILE *file = fopen(path, "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) ++count;
  return count;
}
int main(void) {
  struct ifreq requests[16];
  struct ifconf list = {sizeof requests, {(void *)requests}};
  if (ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCGIFCONF, &list) == 0) {
    try_must_fail(list.ifc_len > 0, "an interface has an address");
  }
  try_must_fail(lines_of("/proc/self/net/route") > 1, "there is a route");
  try_must_fail(lines_of("/proc/self/net/arp") > 1, "there are neighbours");
  try_must_fail(lines_of("/proc/self/net/dev") > 3, "there is more than one interface");
  try_must_fail(lines_of("/proc/self/net/tcp") > 1, "somebody listens");
  try_must_fail(lines_of("/proc/self/net/if_inet6") > 0, "there is an address of IPv6");
  return verdict();
}
