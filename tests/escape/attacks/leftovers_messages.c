/* attack: leftovers_messages
 * tries: posts messages to System V and POSIX queues, and reads them in the next run
 * must: nothing is found
 * why: S11: a letter box between runs
 * layer: ipc namespace
 * without: ipc
 * breach: leaked
 * bounds: processes=3 bytes=1048576 seconds=12
 * spec: {"argv":["./leftovers_messages","look"]}
 * first: {"argv":["./leftovers_messages","leave"]}
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
#include <mqueue.h>
#include <sys/msg.h>
int main(int argc, char **argv) {
  struct { long type; char text[8]; } letter = {1, "secret"};
  struct mq_attr few = {0, 4, 16};
  if (strcmp(argv[1], "leave") == 0) {
    msgsnd(msgget(0x626c68, IPC_CREAT | 0666), &letter, 8, IPC_NOWAIT);
    mq_send(mq_open("/bailiff-letter", O_CREAT | O_RDWR, 0666, &few), "secret", 6, 0);
    return verdict();
  }
  MUST_FAIL(msgget(0x626c68, 0));
  MUST_FAIL(mq_open("/bailiff-letter", O_RDONLY));
  return verdict();
}
