/* attack: leftovers_files
 * tries: leaves files in every place it can write, and looks for them in the next run
 * must: nothing is found
 * why: S8 QDUOJ#165: /tmp of one run was included by the next
 * layer: mount namespace
 * without: mount
 * breach: leaked
 * bounds: processes=3 bytes=1048576 seconds=12
 * spec: {"argv":["./leftovers_files","look"]}
 * first: {"argv":["./leftovers_files","leave"]}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(int argc, char **argv) {
  const char *paths[] = {"/tmp/bailiff-left", "/dev/shm/bailiff-left", "/var/tmp/bailiff-left", "/run/lock/bailiff-left", "/box/bailiff-left", "/dev/mqueue/bailiff-left"};
  for (int i = 0; i < sizeof paths / sizeof *paths; ++i) {
    if (strcmp(argv[1], "leave") == 0) close(open(paths[i], O_WRONLY | O_CREAT, 0666));
    else try_must_fail(access(paths[i], F_OK) == 0, paths[i]);
  }
  return verdict();
}
