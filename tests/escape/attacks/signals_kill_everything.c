/* attack: signals_kill_everything
 * tries: kill(-1, SIGKILL), and every other signal to all
 * must: nothing but its own is there to be hit
 * why: in the judge's pid namespace this is the end of the judge
 * layer: pid namespace, uid
 * without: pid uid
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  for (int i = 1; i < 65; ++i) kill(-1, i);
  usleep(20000);
  return verdict();
}
