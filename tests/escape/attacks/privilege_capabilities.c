/* attack: privilege_capabilities
 * tries: reads its five capability sets, and tries to raise each
 * must: all are empty and stay so
 * why: S31
 * layer: no capabilities, securebits
 * without: caps
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  char line[256];
  FILE *status = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, "Cap", 3) == 0) try_must_fail(strtoull(line + 7, NULL, 16) != 0, line);
    if (strncmp(line, "NoNewPrivs:", 11) == 0) try_must_fail(atoi(line + 11) != 1, line);
    if (strncmp(line, "Seccomp:", 8) == 0) try_must_fail(atoi(line + 8) != 2, line);
  }
  struct { uint32_t version; int pid; } header = {0x20080522, 0};
  struct { uint32_t effective, permitted, inheritable; } all[2] = {{~0u, ~0u, ~0u}, {~0u, ~0u, ~0u}};
  MUST_FAIL(syscall(SYS_capset, &header, all));
  MUST_FAIL(prctl(PR_CAP_AMBIENT, 2, 0, 0, 0));
  MUST_FAIL(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0));
  MUST_FAIL(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
  MUST_FAIL(prctl(PR_SET_SECCOMP, 0, 0, 0, 0));
  return verdict();
}
