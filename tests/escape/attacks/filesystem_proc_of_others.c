/* attack: filesystem_proc_of_others
 * tries: reads what /proc tells of others: pid 1 and everything it can list
 * must: only its own processes are there
 * why: S14: /proc/1/fd/1, environ, maps and mem of the supervisor
 * layer: proc hidepid
 * without: proc
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <dirent.h>
int main(void) {
  const char *leaves[] = {"mem", "maps", "environ", "cmdline", "fd", "fd/1", "fd/3", "root", "cwd", "exe", "task/1/mem", "stat", "status", "ns/pid", "mountinfo", "syscall", "map_files", "fdinfo/3", "pagemap", "oom_score_adj"};
  char path[128];
  DIR *proc = opendir("/proc");
  for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    try_must_fail(atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid(), entry->d_name);
  }
  for (int pid = 0; pid < 40; ++pid) {
    if (pid == getpid()) continue;
    for (int i = 0; i < sizeof leaves / sizeof *leaves; ++i) {
      struct stat status;
      snprintf(path, sizeof path, "/proc/%d/%s", pid, leaves[i]);
      try_must_fail(lstat(path, &status) == 0 || open(path, O_RDONLY) >= 0, path);
    }
  }
  return verdict();
}
