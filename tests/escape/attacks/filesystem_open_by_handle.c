/* attack: filesystem_open_by_handle
 * tries: opens files by inode: guesses the handle of a file system's root (shocker)
 * must: refused
 * why: past every directory and mount: the Docker escape of 2014
 * layer: seccomp, no capabilities
 * without: seccomp
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  struct { unsigned bytes; int type; unsigned char handle[64]; } guess = {8, 1, {2}};
  int mount_id, fd = open("/usr", O_RDONLY | O_DIRECTORY);
  MUST_FAIL(syscall(SYS_open_by_handle_at, fd, &guess, O_RDONLY));
  guess.bytes = 64;
  MUST_FAIL(syscall(SYS_name_to_handle_at, AT_FDCWD, "/usr", &guess, &mount_id, 0));
  return verdict();
}
