/* attack: collect_many_sparse
 * tries: leaves ten sparse files, each as large as the ceiling
 * must: FE too_big
 * why: a ceiling per file multiplies
 * layer: copy-out ceiling
 * without: collect
 * breach: evaded
 * bounds: processes=1 bytes=65536 seconds=2
 * spec: {"collect":["0.txt","1.txt","2.txt","3.txt","4.txt","5.txt","6.txt","7.txt","8.txt","9.txt"],"limits":{"disk_bytes":1048576}}
 * expect: {"status":"FE","reason":"copy_out_too_big","files":{"9.txt":{"error":"too_big"}}}
 */
#include "attack.h"
int main(void) {
  char name[16];
  for (int i = 0; i < 10; ++i) {
    snprintf(name, sizeof name, "%d.txt", i);
    int fd = open(name, O_WRONLY | O_CREAT, 0644);
    if (ftruncate(fd, 120 << 10) < 0) return 3;
  }
}
