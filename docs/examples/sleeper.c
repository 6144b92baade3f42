/* Uses no CPU time at all and never ends. */
#include <unistd.h>

int main(void) {
  for (;;) pause();
}
