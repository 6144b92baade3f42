/* attack: supervisor_changing_tree
 * tries: changes its process tree without pause, so that no look sees the whole
 * must: TLE, on time
 * why: a survey that begins anew with every change never ends
 * layer: cpu timer
 * without: cpu wall
 * breach: evaded
 * bounds: processes=30 bytes=1048576 seconds=15
 * spec: {"limits":{"cpu_time_ms":1000,"wall_time_ms":3000,"processes":30}}
 * expect: {"status":"TLE","wall_time":{"ns":{"at_most":8000000000}}}
 */
#include "attack.h"
#include <pthread.h>
static void *nothing(void *none) { return none; }
int main(void) {
  pthread_t thread;
  bound_seconds(15);
  fork();
  fork();
  while (within_bounds()) {
    if (pthread_create(&thread, NULL, nothing, NULL) == 0) pthread_detach(thread);
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    if (pid > 0) waitpid(pid, NULL, 0);
  }
}
