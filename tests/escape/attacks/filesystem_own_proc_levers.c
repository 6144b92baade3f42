/* attack: filesystem_own_proc_levers
 * tries: uses its own /proc entries as levers: uid_map, setgroups, attr, mem of itself over read-only pages, coredump_filter, loginuid
 * must: refused where it would change what it is; a security label that was written is not there
 * why: id maps bring capabilities
 * layer: no capabilities
 * without: caps
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  const char *paths[] = {"/proc/self/uid_map", "/proc/self/gid_map", "/proc/self/setgroups", "/proc/self/projid_map", "/proc/self/loginuid", "/proc/self/timens_offsets"};
  for (int i = 0; i < sizeof paths / sizeof *paths; ++i) {
    int fd = open(paths[i], O_WRONLY);
    try_must_fail(fd >= 0 && write(fd, "0 0 1", 5) > 0, paths[i]);
  }
  /* Where no security module has labels the kernel takes any and forgets it. */
  const char *labels[] = {"/proc/self/attr/exec", "/proc/self/attr/current"};
  for (int i = 0; i < 2; ++i) {
    char label[64] = {0};
    int fd = open(labels[i], O_RDWR);
    if (fd < 0 || write(fd, "unconfined", 10) < 0) continue;
    try_must_fail(pread(fd, label, sizeof label - 1, 0) > 0 && strstr(label, "unconfined") != NULL, labels[i]);
  }
  return verdict();
}
