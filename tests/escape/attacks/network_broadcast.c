/* attack: network_broadcast
 * tries: sends to everybody: broadcast, multicast, a group joined first
 * must: no route to anybody
 * why: the neighbours on a bridge hear it
 * layer: net namespace
 * without: net
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
int main(void) {
  struct sockaddr_in all = {AF_INET, htons(9)};
  struct ip_mreq group = {{0}};
  int on = 1, fd = socket(AF_INET, SOCK_DGRAM, 0);
  setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  all.sin_addr.s_addr = INADDR_BROADCAST;
  MUST_FAIL(sendto(fd, "x", 1, 0, (struct sockaddr *)&all, sizeof all));
  inet_pton(AF_INET, "127.255.255.255", &all.sin_addr);
  MUST_FAIL(sendto(fd, "x", 1, 0, (struct sockaddr *)&all, sizeof all));
  inet_pton(AF_INET, "224.0.0.251", &group.imr_multiaddr);
  setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group);
  all.sin_addr = group.imr_multiaddr;
  MUST_FAIL(sendto(fd, "x", 1, 0, (struct sockaddr *)&all, sizeof all));
  return verdict();
}
