/* attack: supervisor_huge_arguments
 * tries: replaces itself by itself with almost two megabytes of arguments and environment
 * must: OK
 * why: S32: whoever reads its command line needs room
 * layer: keeper
 * bounds: processes=1 bytes=8388608 seconds=3
 * expect: {"status":"OK","stdout":{"text":"contained\n"}}
 */
#include "attack.h"
int main(int argc, char **argv) {
  static char word[1024];
  static char *words[1000];
  if (argc > 2) return verdict();
  memset(word, 'a', sizeof word - 1);
  for (int i = 0; i < 999; ++i) words[i] = word;
  execve("/proc/self/exe", words, words + 150);
  return 3;
}
