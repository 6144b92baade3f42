/* attack: signals_sigio_to_keeper
 * tries: makes pid 1 the owner of its pipes, so that the kernel sends it SIGIO, SIGKILL by F_SETSIG
 * must: the keeper does not notice
 * why: F_SETOWN signals on somebody else's behalf
 * layer: uid
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  int ends[2];
  pipe(ends);
  for (int i = 0; i < 65; ++i) {
    fcntl(ends[0], F_SETOWN, 1);
    fcntl(ends[0], F_SETSIG, i);
    fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK);
    write(ends[1], "x", 1);
    fcntl(ends[0], F_SETOWN, -1);
    write(ends[1], "x", 1);
  }
  return verdict();
}
