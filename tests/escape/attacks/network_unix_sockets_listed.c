/* attack: network_unix_sockets_listed
 * tries: calls every unix socket that /proc lists, pathname or abstract
 * must: none is listed
 * why: S28: docker.sock is root; X11, D-Bus and agents listen on abstract names
 * layer: net namespace
 * without: net
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <stddef.h>
#include <sys/un.h>
int main(void) {
  char line[512];
  FILE *list = fopen("/proc/self/net/unix", "r");
  while (list != NULL && fgets(line, sizeof line, list) != NULL) {
    struct sockaddr_un name = {AF_UNIX};
    char *start = strpbrk(line + 40, "/@");
    if (start == NULL) continue;
    start[strcspn(start, "\n")] = 0;
    try_must_fail(1, start);
    strncpy(name.sun_path, start, sizeof name.sun_path - 1);
    if (*start == '@') name.sun_path[0] = 0;
    if (connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, offsetof(struct sockaddr_un, sun_path) + strlen(start)) == 0) puts("ESCAPED: connected to it");
  }
  return verdict();
}
