/* attack: processes_exec_from_thread
 * tries: a thread execs while others run
 * must: the program is replaced, one process ends, OK
 * why: the thread takes over the leader's pid: events come in an odd order
 * layer: keeper
 * bounds: processes=7 bytes=1048576 seconds=8
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <pthread.h>
static void *sleeper(void *none) {
  outstay();
  return none;
}
static void *replacer(void *none) {
  execl("/proc/self/exe", "again", "again", NULL);
  return none;
}
int main(int argc, char **argv) {
  pthread_t thread;
  bound_seconds(8);
  if (argc > 1) return verdict();
  for (int i = 0; i < 6; ++i) pthread_create(&thread, NULL, i == 3 ? replacer : sleeper, NULL);
  outstay();
}
