/* attack: time_threads_burn
 * tries: four threads burn at once
 * must: TLE cpu, counted over all threads
 * why: a clock of the main thread alone shows a quarter
 * layer: cpu timer
 * without: cpu
 * bounds: processes=4 bytes=1048576 seconds=8
 * spec: {"limits":{"cpu_time_ms":500}}
 * expect: {"status":"TLE","reason":"cpu"}
 */
#include "attack.h"
#include <pthread.h>
static void *burner(void *none) {
  burn();
  return none;
}
int main(void) {
  pthread_t threads[4];
  bound_seconds(8);
  for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, burner, NULL);
  outstay();
}
