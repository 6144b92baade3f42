/* attack: privilege_names
 * tries: renames the machine
 * must: refused
 * why: a channel where the uts namespace is shared
 * layer: uts namespace, seccomp
 * without: seccomp caps
 * bounds: processes=2 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  MUST_FAIL(sethostname("owned", 5));
  MUST_FAIL(setdomainname("owned", 5));
  return verdict();
}
