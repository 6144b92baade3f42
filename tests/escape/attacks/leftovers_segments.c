/* attack: leftovers_segments
 * tries: leaves System V shared memory and semaphores under known keys, and looks for them in the next run
 * must: nothing is found
 * why: S11: objects that outlive their maker
 * layer: ipc namespace
 * without: ipc
 * breach: leaked
 * bounds: processes=3 bytes=1048576 seconds=12
 * spec: {"argv":["./leftovers_segments","look"]}
 * first: {"argv":["./leftovers_segments","leave"]}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/sem.h>
#include <sys/shm.h>
int main(int argc, char **argv) {
  if (strcmp(argv[1], "leave") == 0) {
    char *memory = shmat(shmget(0x626c67, 4096, IPC_CREAT | 0666), NULL, 0);
    if (memory != (char *)-1) strcpy(memory, "answer: 42");
    semget(0x626c67, 1, IPC_CREAT | 0666);
    return verdict();
  }
  MUST_FAIL(shmget(0x626c67, 0, 0));
  MUST_FAIL(semget(0x626c67, 0, 0));
  return verdict();
}
