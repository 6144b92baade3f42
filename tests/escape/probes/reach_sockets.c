/* reach_sockets NAME…: connects to unix sockets by path, to abstract ones ("@name"), and to 127.0.0.1 ("tcp:PORT"). */
#include "attack.h"
#include <arpa/inet.h>
#include <stddef.h>
#include <sys/un.h>
int main(int argc, char **argv) {
  for (int i = 1; i < argc; ++i) {
    if (strncmp(argv[i], "tcp:", 4) == 0) {
      struct sockaddr_in address = {AF_INET, htons(atoi(argv[i] + 4))};
      inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
      int fd = socket(AF_INET, SOCK_STREAM, 0);
      try_must_fail(connect(fd, (struct sockaddr *)&address, sizeof address) == 0, argv[i]);
      continue;
    }
    struct sockaddr_un name = {AF_UNIX, ""};
    size_t length = strlen(argv[i]);
    strncpy(name.sun_path, argv[i], sizeof name.sun_path - 1);
    if (argv[i][0] == '@') name.sun_path[0] = 0;
    int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (int k = 0; k < 3; ++k) {
      int fd = socket(AF_UNIX, types[k], 0);
      try_must_fail(connect(fd, (struct sockaddr *)&name, offsetof(struct sockaddr_un, sun_path) + length) == 0, argv[i]);
    }
  }
  return verdict();
}
