/* attack: network_meet_on_loopback
 * tries: listens on the loopback interface and calls itself there
 * must: the loopback is down: two runs that share it would have met
 * why: S11: two runs that talk over 127.0.0.1
 * layer: net namespace
 * without: net
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
int main(void) {
  struct sockaddr_in here = {AF_INET};
  struct sockaddr_in6 six = {AF_INET6};
  socklen_t length = sizeof here;
  inet_pton(AF_INET, "127.0.0.1", &here.sin_addr);
  int server = socket(AF_INET, SOCK_STREAM, 0);
  bind(server, (struct sockaddr *)&here, sizeof here);
  listen(server, 1);
  getsockname(server, (struct sockaddr *)&here, &length);
  MUST_FAIL(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&here, sizeof here));
  inet_pton(AF_INET6, "::1", &six.sin6_addr);
  MUST_FAIL(bind(socket(AF_INET6, SOCK_DGRAM, 0), (struct sockaddr *)&six, sizeof six));
  return verdict();
}
