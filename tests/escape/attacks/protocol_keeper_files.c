/* attack: protocol_keeper_files
 * tries: opens the files of other processes by the links in /proc/PID/fd: a memfd there is a file with a mode of its own
 * must: none can be opened, but devices
 * why: S14; gVisor shows the links of process 1, and lets anybody open a memfd, which is made with mode 777
 * layer: proc hidepid, mode of the board
 * without: proc uid
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  char path[64], target[64] = "";
  for (int pid = 1; pid < 40; ++pid) {
    if (pid == getpid()) continue;
    for (int fd = 0; fd < 64; ++fd) {
      int modes[] = {O_RDWR, O_RDONLY, O_WRONLY};
      snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
      for (int i = 0; i < 3; ++i) {
        struct stat status;
        int opened = open(path, modes[i] | O_NONBLOCK);
        if (opened < 0) continue;
        if (fstat(opened, &status) == 0 && (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode))) {
          readlink(path, target, sizeof target - 1);
          try_must_fail(1, target);
        }
        close(opened);
      }
    }
  }
  return verdict();
}
