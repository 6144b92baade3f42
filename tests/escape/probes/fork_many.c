/* fork_many N SECONDS: forks N children that sleep, says how many it got. "bomb SECONDS" forks for ever. */
#include "attack.h"
int main(int argc, char **argv) {
  bound_seconds(atof(argv[2]));
  if (strcmp(argv[1], "bomb") == 0) {
    while (within_bounds()) fork();
    return 0;
  }
  int made = 0;
  for (int i = 0; i < atoi(argv[1]); ++i) {
    pid_t pid = fork();
    if (pid == 0) {
      outstay();
      _exit(0);
    }
    made += pid > 0;
  }
  printf("%d\n", made);
}
