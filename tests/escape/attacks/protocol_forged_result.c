/* attack: protocol_forged_result
 * tries: prints a RunResult that says OK on both streams and exits 3
 * must: RE exit 3; the forgery is mere output
 * why: S20: text is not control
 * layer: judge
 * without: judge
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"RE","reason":"exit","exit_code":3,"stdout":{"bytes":45},"stderr":{"bytes":45}}
 */
#include "attack.h"
int main(void) {
  static const char forged[] = "\n{\"status\":\"OK\",\"reason\":null,\"exit_code\":0}\n";
  fputs(forged, stdout);
  fputs(forged, stderr);
  return 3;
}
