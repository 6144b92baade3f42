/* attack: processes_thread_bomb
 * tries: makes threads for ever, each of which sleeps
 * must: no more threads than the limit
 * why: threads are processes by another name
 * layer: rlimit nproc
 * without: nproc
 * bounds: processes=65 bytes=8388608 seconds=5
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <pthread.h>
static void *sleeper(void *none) {
  outstay();
  return none;
}
int main(void) {
  pthread_t thread;
  pthread_attr_t small;
  int made = 0;
  bound_seconds(5);
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  while (made < 64 && pthread_create(&thread, &small, sleeper, NULL) == 0) ++made;
  try_must_fail(made > 15, "more threads than allowed");
  if (made < 15) puts("fewer threads than allowed");
  fflush(stdout);
  _exit((made < 15 ? 1 : verdict()) | fflush(stdout));
}
