/* attack: processes_leave_many
 * tries: leaves 200 sleeping processes behind
 * must: OK; all dead and counted
 * why: kill loops are outrun by numbers
 * layer: keeper kill
 * without: kill
 * breach: escaped
 * bounds: processes=201 bytes=33554432 seconds=15
 * spec: {"limits":{"processes":220,"cpu_time_ms":null,"wall_time_ms":20000}}
 * expect: {"status":"OK","stdout":{"text":"200\n"},"residue":{"processes_killed":200}}
 */
#include "attack.h"
int main(void) {
  int made = 0;
  bound_seconds(15);
  for (int i = 0; i < 200; ++i) {
    pid_t pid = fork();
    if (pid == 0) {
      setsid();
      outstay();
      _exit(0);
    }
    made += pid > 0;
  }
  printf("%d\n", made);
}
