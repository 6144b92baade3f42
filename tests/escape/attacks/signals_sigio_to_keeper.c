/* attack: signals_sigio_to_keeper
 * tries: makes pid 1 the owner of its pipes, so that the kernel sends it SIGIO, SIGKILL by F_SETSIG
 * must: the keeper does not notice
 * why: F_SETOWN signals on somebody else's behalf
 * layer: uid
 * without: pid uid
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  int ends[2];
  pid_t owners[] = {1, getppid() ? getppid() : 1};
  pipe(ends);
  for (int n = 0; n < 130; ++n) {
    int i = n / 2;
    fcntl(ends[0], F_SETOWN, owners[n % 2]);
    fcntl(ends[0], F_SETSIG, i);
    fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK);
    write(ends[1], "x", 1);
    fcntl(ends[0], F_SETOWN, -1);
    write(ends[1], "x", 1);
  }
  return verdict();
}
