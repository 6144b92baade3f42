// spin THREADS: computes in that many threads, for ever.

#include <pthread.h>
#include <stdlib.h>

static void* spin(void* unused) {
  for (volatile unsigned long i = 0;; ++i) continue;
  return unused;
}

int main(int argc, char** argv) {
  pthread_t thread;
  for (int i = argc == 2 ? atoi(argv[1]) : 1; i > 1; --i) {
    if (pthread_create(&thread, NULL, spin, NULL) != 0) return 65;
  }
  spin(NULL);
}
