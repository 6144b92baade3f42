/* attack: leftovers_lock
 * tries: leaves a daemon that holds a lock on a file everybody can read, and asks for the lock in the next run
 * must: the lock is free
 * why: S11 isolate 2.4: a lock on a shared read-only inode is one bit
 * layer: keeper kill, own inodes
 * without: kill overlay
 * breach: leaked
 * bounds: processes=3 bytes=1048576 seconds=12
 * spec: {"argv":["./leftovers_lock","look"]}
 * first: {"argv":["./leftovers_lock","leave"]}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/file.h>
int main(int argc, char **argv) {
  int fd = open("/usr/bin/env", O_RDONLY);
  bound_seconds(12);
  if (strcmp(argv[1], "leave") != 0) {
    try_must_fail(flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK, "somebody holds the lock");
    return verdict();
  }
  flock(fd, LOCK_EX | LOCK_NB);
  if (fork() == 0) {
    setsid();
    if (fork() == 0) outstay();
    _exit(0);
  }
  wait(NULL);
  return verdict();
}
