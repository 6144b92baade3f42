// die exit CODE | die raise SIGNAL | die segv | die fpe | die abort | die stop

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static volatile int zero = 0;

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  if (!strcmp(argv[1], "exit")) return atoi(argv[2]);
  if (!strcmp(argv[1], "raise")) raise(atoi(argv[2]));
  if (!strcmp(argv[1], "segv")) *(volatile int*)8 = 1;
  if (!strcmp(argv[1], "fpe")) return argc / zero;
  if (!strcmp(argv[1], "abort")) abort();
  if (!strcmp(argv[1], "stop")) raise(SIGSTOP);
  return 65;
}
