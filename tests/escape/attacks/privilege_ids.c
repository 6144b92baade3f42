/* attack: privilege_ids
 * tries: becomes root, or anyone else, by every call that changes an id
 * must: refused
 * why: S12 half-dropped privileges
 * layer: uid, no capabilities
 * without: caps
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/fsuid.h>
#include <grp.h>
int main(void) {
  gid_t groups[2] = {0, 1};
  MUST_FAIL(setuid(0));
  MUST_FAIL(setgid(0));
  MUST_FAIL(setreuid(0, 0));
  MUST_FAIL(setregid(0, 0));
  MUST_FAIL(setresuid(-1, 0, -1));
  MUST_FAIL(setresgid(-1, -1, 0));
  MUST_FAIL(seteuid(0));
  MUST_FAIL(setuid(getuid() + 1));
  MUST_FAIL(setgroups(2, groups));
  setfsuid(0);
  try_must_fail(setfsuid(-1) == 0, "fsuid is 0");
  try_must_fail(getuid() == 0 || geteuid() == 0 || getgid() == 0 || getegid() == 0, "it is root");
  try_must_fail(getgroups(0, NULL) != 0, "supplementary groups");
  return verdict();
}
