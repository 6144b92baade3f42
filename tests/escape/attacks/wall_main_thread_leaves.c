/* attack: wall_main_thread_leaves
 * tries: the main thread exits, another one sleeps on: the process is a zombie that lives
 * must: TLE wall
 * why: its state reads Z, its exit has not come
 * layer: wall
 * without: wall
 * bounds: processes=2 bytes=65536 seconds=10
 * spec: {"limits":{"wall_time_ms":700}}
 * expect: {"status":"TLE","reason":"wall","killed_by":"supervisor"}
 */
#include "attack.h"
#include <pthread.h>
static void *sleeper(void *none) {
  outstay();
  return none;
}
int main(void) {
  pthread_t thread;
  bound_seconds(10);
  pthread_create(&thread, NULL, sleeper, NULL);
  pthread_exit(NULL);
}
