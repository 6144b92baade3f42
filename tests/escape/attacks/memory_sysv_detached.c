/* attack: memory_sysv_detached
 * tries: fills System V shared memory segments and detaches them
 * must: MLE
 * why: S33: pages of a detached segment are in no resident set
 * layer: memory
 * without: memory cpu
 * bounds: processes=1 bytes=100663296 seconds=4
 * spec: {"limits":{"memory_bytes":33554432}}
 * where: {"enforced":{"memory":"cgroup"}}
 * expect: {"status":"MLE","reason":["peak","oom_kill"]}
 */
#include "attack.h"
#include <sys/shm.h>
int main(void) {
  bound_seconds(4);
  for (int i = 0; i < 8; ++i) {
    int id = shmget(IPC_PRIVATE, 12 << 20, IPC_CREAT | 0600);
    char *memory = shmat(id, NULL, 0);
    if (memory == (char *)-1) break;
    touch(memory, 12 << 20);
    shmdt(memory);
  }
  outstay();
}
