// A second thread.
#include <pthread.h>
#include "attempt.h"

static void* start(void* nothing) { return nothing; }

static long attempt(void) {
  pthread_t thread;
  errno = pthread_create(&thread, NULL, start, NULL);
  return errno == 0 ? pthread_join(thread, NULL) : -1;
}
