/* attack: filesystem_exec_keeper
 * tries: re-executes or rewrites the keeper's program by way of /proc/1/exe and its own memfd name
 * must: not there
 * why: CVE-2019-5736: the host's binary overwritten from inside
 * layer: proc hidepid, sealed memfd
 * without: proc uid
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  MUST_FAIL(open("/proc/1/exe", O_RDONLY));
  MUST_FAIL(open("/proc/1/exe", O_WRONLY));
  MUST_FAIL(execl("/proc/1/exe", "keeper", NULL));
  MUST_FAIL(open("/memfd:bailiff-keeper", O_RDWR));
  return verdict();
}
