/* attack: protocol_control_bytes
 * tries: prints NUL, escape sequences, quotes, broken UTF-8
 * must: the result is JSON and has every byte
 * why: bytes become the log, the terminal and the JSON of whoever looks
 * layer: result encoding
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"base64":"ACJcDQobXTA7dGl0bGUH/8Mo7aCA","bytes":21}}
 */
#include "attack.h"
int main(void) {
  static const char bytes[] = "\0\"\\\r\n\x1b]0;title\x07\xff\xc3(\xed\xa0\x80";
  fwrite(bytes, 1, sizeof bytes - 1, stdout);
}
