/* attack: network_fast_open
 * tries: sends data with the first packet, without connect: TCP fast open, and a datagram by sendmmsg
 * must: no route to anything
 * why: a filter on connect alone misses it
 * layer: net namespace
 * without: net
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
int main(void) {
  struct sockaddr_in here = {AF_INET, htons(9)};
  inet_pton(AF_INET, "127.0.0.1", &here.sin_addr);
  struct iovec text = {"x", 1};
  struct mmsghdr message = {{&here, sizeof here, &text, 1}};
  try_must_fail(sendto(socket(AF_INET, SOCK_STREAM, 0), "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&here, sizeof here) >= 0 || errno == ECONNREFUSED,
                "the other side of a connection answered");
  MUST_FAIL(sendmmsg(socket(AF_INET, SOCK_DGRAM, 0), &message, 1, 0));
  return verdict();
}
