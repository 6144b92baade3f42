/* attack: filesystem_device_nodes
 * tries: makes device nodes, and opens those that a careless /dev has
 * must: refused, not there
 * why: a device node is the device
 * layer: seccomp, private /dev
 * without: mount
 * breach: escaped
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/sysmacros.h>
int main(void) {
  const char *devices[] = {"mem", "kmem", "port", "kmsg", "sda", "vda", "nvme0n1", "loop0", "loop-control", "tty", "tty0", "console", "ptmx", "pts/0", "fuse", "kvm", "vhost-net", "vsock", "net/tun", "mapper/control", "rtc0", "hpet", "input", "snd", "dri", "uinput", "userfaultfd", "mqueue", "hugepages"};
  char path[64];
  MUST_FAIL(mknod("/tmp/mem", S_IFCHR | 0666, makedev(1, 1)));
  MUST_FAIL(mknod("/tmp/disk", S_IFBLK | 0666, makedev(8, 0)));
  MUST_FAIL(mknod("/dev/shm/kmsg", S_IFCHR | 0666, makedev(1, 11)));
  MUST_FAIL(mknodat(AT_FDCWD, "/box/null", S_IFCHR | 0666, makedev(1, 3)));
  for (int i = 0; i < sizeof devices / sizeof *devices; ++i) {
    snprintf(path, sizeof path, "/dev/%s", devices[i]);
    try_must_fail(access(path, F_OK) == 0, path);
  }
  return verdict();
}
