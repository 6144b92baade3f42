/* attack: leftovers_listener
 * tries: leaves a daemon that listens on an abstract socket, and calls it in the next run
 * must: nobody answers
 * why: S11, S21: a daemon is the best memory
 * layer: keeper kill, net namespace
 * without: kill net
 * breach: leaked
 * bounds: processes=3 bytes=1048576 seconds=12
 * spec: {"argv":["./leftovers_listener","look"]}
 * first: {"argv":["./leftovers_listener","leave"]}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/un.h>
int main(int argc, char **argv) {
  struct sockaddr_un name = {AF_UNIX, "\0bailiff-left"};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  bound_seconds(12);
  if (strcmp(argv[1], "leave") != 0) {
    MUST_FAIL(connect(fd, (struct sockaddr *)&name, sizeof name));
    return verdict();
  }
  bind(fd, (struct sockaddr *)&name, sizeof name);
  listen(fd, 4);
  if (fork() == 0) {
    setsid();
    if (fork() == 0) outstay();
    _exit(0);
  }
  wait(NULL);
  return verdict();
}
