/* attack: output_full_pipe_at_exit
 * tries: makes its pipe as large as it may, fills it and exits at once
 * must: every byte is in the result
 * why: output still in the pipe at exit is easily lost
 * layer: capture
 * bounds: processes=1 bytes=1048576 seconds=2
 * spec: {"limits":{"output_bytes":2097152}}
 * expect: {"status":"OK","stdout":{"bytes":1048576,"truncated":false}}
 */
#include "attack.h"
int main(void) {
  static char block[4096];
  memset(block, 'f', sizeof block);
  int size = fcntl(1, F_SETPIPE_SZ, 1 << 20);
  if (size < 4096) size = fcntl(1, F_GETPIPE_SZ);
  for (int i = 0; i < 256; ++i) write(1, block, sizeof block);
}
