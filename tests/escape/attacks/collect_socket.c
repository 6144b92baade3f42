/* attack: collect_socket
 * tries: leaves a bound socket
 * must: FE not_regular
 * why: S5
 * layer: O_NOFOLLOW walk
 * without: collect
 * breach: wrong verdict
 * bounds: processes=1 bytes=65536 seconds=2
 * spec: {"collect":["out.txt"]}
 * expect: {"status":"FE","reason":"copy_out_not_regular","files":{"out.txt":{"error":"not_regular"}}}
 */
#include "attack.h"
#include <sys/un.h>
int main(void) {
  struct sockaddr_un name = {AF_UNIX, "out.txt"};
  bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, sizeof name);
}
