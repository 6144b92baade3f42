/* Forks without end, and so does every child. Should nothing hold it, it stops at 500 processes by itself. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void) {
  int* made = mmap(NULL, 2 * sizeof *made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int* complained = made + 1;
  while (__atomic_load_n(made, __ATOMIC_SEQ_CST) < 500) {
    const int child = fork();
    if (child > 0) __atomic_add_fetch(made, 1, __ATOMIC_SEQ_CST);
    if (child < 0 && __atomic_exchange_n(complained, 1, __ATOMIC_SEQ_CST) == 0) {
      printf("fork: %s\n", strerror(errno));
      fflush(stdout);
    }
  }
  return 1;
}
