/* attack: network_families
 * tries: opens sockets of families that reach the kernel or the host: netlink, packet, vsock, ALG, key, bluetooth, TIPC, RDS, XDP and raw
 * must: refused
 * why: each is attack surface, some load kernel modules
 * layer: seccomp
 * without: seccomp cpu
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  char how[64];
  for (int family = 0; family < 64; ++family) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6) continue;
    int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET};
    for (int i = 0; i < 4; ++i) {
      snprintf(how, sizeof how, "socket of family %d, type %d", family, types[i]);
      try_must_fail(socket(family, types[i], 0) >= 0, how);
    }
  }
  MUST_FAIL(socket(AF_INET, SOCK_RAW, 1));
  MUST_FAIL(socket(AF_INET, SOCK_RAW, 255));
  MUST_FAIL(socket(AF_INET6, SOCK_RAW, 58));
  MUST_FAIL(socket(AF_INET, 10, 768));
  MUST_FAIL(socket(AF_INET, SOCK_STREAM, 132));
  MUST_FAIL(socket(AF_INET, SOCK_STREAM, 262));
  return verdict();
}
