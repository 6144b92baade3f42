/* attack: protocol_keeper_socket
 * tries: looks for the channel the result goes through: sockets, memfds and the board among its descriptors and maps
 * must: there is none
 * why: S13: the private channel must not be reachable
 * layer: close_range, exec
 * without: close
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  char line[512], link[256];
  FILE *maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof line, maps) != NULL) {
    try_must_fail(strstr(line, "bailiff") != NULL || strstr(line, "memfd") != NULL, line);
  }
  fclose(maps);
  for (int fd = 0; fd < 64; ++fd) {
    snprintf(line, sizeof line, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(line, link, sizeof link - 1);
    if (length < 0) continue;
    link[length] = 0;
    try_must_fail(strstr(link, "socket") != NULL || strstr(link, "bailiff") != NULL, link);
  }
  try_must_fail(mmap((void *)0x200000000UL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED,
                "something is mapped where the board was");
  return verdict();
}
