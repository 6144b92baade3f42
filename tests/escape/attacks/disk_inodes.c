/* attack: disk_inodes
 * tries: makes more files than it may, plain ones, directories, links, FIFOs
 * must: ENOSPC at the limit
 * why: inodes are kernel memory that no byte quota sees
 * layer: tmpfs nr_inodes
 * without: inodes
 * bounds: processes=1 bytes=65536 seconds=2
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(void) {
  char name[32];
  int made = 0, ok = 1;
  for (int i = 0; i < 4000 && ok; ++i) {
    snprintf(name, sizeof name, "/tmp/%d", i);
    switch (i % 4) {
      case 0: ok = mkdir(name, 0700) == 0; break;
      case 1: ok = symlink("x", name) == 0; break;
      case 2: ok = mkfifo(name, 0600) == 0; break;
      default: ok = close(open(name, O_WRONLY | O_CREAT, 0600)) == 0;
    }
    made += ok;
  }
  try_must_fail(made > 200, "more inodes than allowed");
  try_must_fail(made < 100, "hardly any inode to be had");
  return verdict();
}
