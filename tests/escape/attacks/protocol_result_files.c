/* attack: protocol_result_files
 * tries: writes the files in which other judges keep their results
 * must: they are files like any other: RE exit 9
 * why: S1: the result file lay in the box
 * layer: judge
 * without: judge
 * breach: wrong verdict
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"RE","reason":"exit","exit_code":9}
 */
#include "attack.h"
int main(void) {
  const char *names[] = {"result.json", "meta.txt", "program.meta", "status", "verdict", "../meta", "/tmp/result.json", "judger.log", "exitcode"};
  for (int i = 0; i < sizeof names / sizeof *names; ++i) {
    int fd = open(names[i], O_WRONLY | O_CREAT, 0666);
    write(fd, "{\"status\":\"OK\"}\nexitcode: 0\n", 28);
    close(fd);
  }
  return 9;
}
