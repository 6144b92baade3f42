/* attack: leftovers_access_times
 * tries: reads a file that hardly anybody reads, and looks at its time of access in the next run
 * must: the time is not today's
 * why: S11: the time of access of a shared file is a channel
 * layer: own inodes
 * without: overlay
 * breach: leaked
 * bounds: processes=3 bytes=1048576 seconds=12
 * spec: {"argv":["./leftovers_access_times","look"]}
 * first: {"argv":["./leftovers_access_times","leave"]}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(int argc, char **argv) {
  const char *path = "/usr/share/common-licenses/Artistic";
  char byte;
  struct stat status;
  if (strcmp(argv[1], "leave") == 0) {
    read(open(path, O_RDONLY), &byte, 1);
    return verdict();
  }
  if (stat(path, &status) < 0) return 3;
  try_must_fail(time(NULL) - status.st_atime < 20, "it was read a moment ago");
  return verdict();
}
