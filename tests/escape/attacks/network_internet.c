/* attack: network_internet
 * tries: connects to the machine itself, the metadata service, the Internet, IPv4 and IPv6
 * must: no route to anything
 * why: S3 Judge0 CVE-2024-29021: SSRF to its own database
 * layer: net namespace
 * without: net
 * bounds: processes=1 bytes=65536 seconds=5
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
static void reach(const char *ip, int port, int type) {
  struct sockaddr_in address = {AF_INET, htons(port)};
  char how[64];
  inet_pton(AF_INET, ip, &address.sin_addr);
  int fd = socket(AF_INET, type, 0);
  snprintf(how, sizeof how, "reached %s:%d", ip, port);
  try_must_fail(connect(fd, (struct sockaddr *)&address, sizeof address) == 0 && (type == SOCK_STREAM || send(fd, "x", 1, 0) == 1), how);
  close(fd);
}
int main(void) {
  struct sockaddr_in6 six = {AF_INET6, htons(53)};
  const char *ips[] = {"127.0.0.1", "169.254.169.254", "8.8.8.8", "10.0.0.1", "172.17.0.1", "192.168.0.1", "255.255.255.255", "224.0.0.1"};
  int ports[] = {22, 53, 80, 2375, 5432, 6379};
  for (int i = 0; i < 8; ++i) {
    for (int k = 0; k < 6; ++k) {
      reach(ips[i], ports[k], SOCK_STREAM);
      reach(ips[i], ports[k], SOCK_DGRAM);
    }
  }
  inet_pton(AF_INET6, "2001:4860:4860::8888", &six.sin6_addr);
  MUST_FAIL(connect(socket(AF_INET6, SOCK_DGRAM, 0), (struct sockaddr *)&six, sizeof six));
  inet_pton(AF_INET6, "::1", &six.sin6_addr);
  MUST_FAIL(connect(socket(AF_INET6, SOCK_STREAM, 0), (struct sockaddr *)&six, sizeof six));
  return verdict();
}
