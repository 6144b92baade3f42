/* attack: leftovers_ipc_objects
 * tries: leaves System V segments, semaphores, queues, POSIX queues and shared memory files behind
 * must: all are gone with the box
 * why: S11: objects that outlive their maker
 * layer: ipc namespace
 * without: ipc
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <sys/shm.h>
#include <sys/sem.h>
#include <sys/msg.h>
#include <mqueue.h>
int main(void) {
  shmget(0x626c66, 65536, IPC_CREAT | 0666);
  semget(0x626c66, 1, IPC_CREAT | 0666);
  msgget(0x626c66, IPC_CREAT | 0666);
  mq_open("/bailiff-left", O_CREAT | O_RDWR, 0666, NULL);
  shm_open("/bailiff-left", O_CREAT | O_RDWR, 0666);
  return verdict();
}
