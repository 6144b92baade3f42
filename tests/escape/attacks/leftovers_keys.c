/* attack: leftovers_keys
 * tries: leaves keys in every keyring it has, and searches for them in the next run
 * must: nothing is found
 * why: S11 isolate 2.4: a uid's keyrings outlive its processes
 * layer: seccomp
 * without: seccomp
 * breach: leaked
 * bounds: processes=3 bytes=1048576 seconds=12
 * spec: {"argv":["./leftovers_keys","look"]}
 * first: {"argv":["./leftovers_keys","leave"]}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(int argc, char **argv) {
  for (int ring = -5; ring < 0; ++ring) {
    if (strcmp(argv[1], "leave") == 0) {
      int key = syscall(SYS_add_key, "user", "bailiff-left", "42", 2, ring);
      if (key > 0) syscall(SYS_keyctl, 5, key, 0x3f3f3f3f);
    } else {
      MUST_FAIL(syscall(SYS_keyctl, 10, ring, "user", "bailiff-left", 0));
    }
  }
  return verdict();
}
