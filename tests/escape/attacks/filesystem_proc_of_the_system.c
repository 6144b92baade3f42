/* attack: filesystem_proc_of_the_system
 * tries: opens what /proc and /sys tell of the machine, or let it be changed by
 * must: none of it is there
 * why: /proc/sys, keys, kcore, sysrq: channels between runs and levers on the host
 * layer: proc subset=pid
 * without: proc
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  const char *paths[] = {"/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/kcore", "/proc/kmsg", "/proc/kallsyms", "/proc/keys", "/proc/key-users", "/proc/timer_list", "/proc/sched_debug", "/proc/interrupts", "/proc/slabinfo", "/proc/locks", "/proc/modules", "/proc/iomem", "/proc/bus", "/proc/acpi", "/proc/scsi", "/proc/fs", "/proc/irq", "/proc/loadavg", "/proc/stat", "/proc/cmdline", "/proc/config.gz", "/proc/vmallocinfo", "/proc/sysvipc/shm", "/sys/kernel", "/sys/fs/cgroup", "/sys/class/net", "/sys/kernel/debug"};
  for (int i = 0; i < sizeof paths / sizeof *paths; ++i) {
    try_must_fail(access(paths[i], F_OK) == 0, paths[i]);
  }
  return verdict();
}
