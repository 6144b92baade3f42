/* attack: filesystem_secret_places
 * tries: opens the places where a host keeps what is nobody's business
 * must: none of them is there
 * why: S9 bnuoj#5, kjudge#82: /etc/shadow in the diagnostics
 * layer: mount namespace
 * without: mount
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  const char *paths[] = {"/root", "/home", "/run", "/var", "/srv", "/boot", "/mnt", "/media", "/opt", "/work", "/sys", "/etc/shadow", "/etc/gshadow", "/etc/ssh", "/etc/ssl/private", "/etc/machine-id", "/etc/hostname", "/etc/fstab", "/etc/crontab", "/etc/resolv.conf", "/.dockerenv", "/run/docker.sock", "/var/run/docker.sock", "/run/bailiff/uids", "/initrd.img", "/vmlinuz", "/lost+found"};
  for (int i = 0; i < sizeof paths / sizeof *paths; ++i) {
    struct stat status;
    try_must_fail(lstat(paths[i], &status) == 0, paths[i]);
  }
  return verdict();
}
