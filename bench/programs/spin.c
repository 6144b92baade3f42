// spin THREADS [STEPS]: computes in that many threads, for ever, or in each so many steps.

#include <pthread.h>
#include <stdlib.h>

static unsigned long steps;  // 0: no end

static void* spin(void* unused) {
  for (volatile unsigned long i = 0; steps == 0 || i < steps; ++i) continue;
  return unused;
}

int main(int argc, char** argv) {
  pthread_t thread;
  if (argc > 2) steps = strtoul(argv[2], NULL, 10);
  for (int i = argc > 1 ? atoi(argv[1]) : 1; i > 1; --i) {
    if (pthread_create(&thread, NULL, spin, NULL) != 0) return 65;
  }
  spin(NULL);
}
