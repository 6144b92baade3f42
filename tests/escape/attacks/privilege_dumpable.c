/* attack: privilege_dumpable
 * tries: looks whether it starts dumpable with somebody else's rights, and sets it as it likes
 * must: harmless: it is nobody else
 * why: PR_SET_DUMPABLE decides who owns /proc/self
 * layer: uid
 * without: uid
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  struct stat status;
  prctl(PR_SET_DUMPABLE, 1);
  stat("/proc/self/mem", &status);
  try_must_fail(status.st_uid == 0, "/proc/self belongs to root");
  MUST_FAIL(prctl(PR_SET_DUMPABLE, 2));
  return verdict();
}
