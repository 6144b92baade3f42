// cpus: writes how many CPUs it may run on.

#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>

int main(void) {
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof usable, &usable) < 0) return 1;
  printf("%d", CPU_COUNT(&usable));
  return 0;
}
