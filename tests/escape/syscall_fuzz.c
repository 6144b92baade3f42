/* syscall_fuzz SEED CALLS SECONDS: makes every system call number from 0 to NEWEST once without arguments, and CALLS
 * calls of random numbers with random arguments, each batch in a child that may die of them, and says how many it made so far. It runs
 * inside a box only (syscall_fuzz_test): it tries to do harm. A pipe whose reading end never moves, a pause and the like
 * end with the child's alarm. */
#include "attack.h"

enum { kNewest = 470, kBatch = 50 };

static uint64_t state;
static uint64_t next_random(void) { /* xorshift64*: repeatable from its seed */
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 2685821657736338717ULL;
}

/* A word that a system call may take for something: a descriptor, a size, a flag, an address, a process. */
static long word(char *memory) {
  static const long odd[] = {0, 1, -1, 2, 3, 0x7fffffff, 0x80000000L, 4096, 65536, -100, 1L << 40, -4096, 0x10000000, 0x20000};
  switch (next_random() % 8) {
    case 0: return (long)next_random();
    case 1: return (long)(next_random() % 64);
    case 2: return (long)(memory + next_random() % 65536);
    case 3: return 1L << (next_random() % 63);
    case 4: return (long)(memory + next_random() % 65536);
    case 5: return getpid() - 1 + (long)(next_random() % 3);
    default: return odd[next_random() % (sizeof odd / sizeof *odd)];
  }
}

static void fill(char *memory) {
  static const char *const paths[] = {"/", ".", "/box", "/proc/self/mem", "/proc/1/mem", "/dev/null", "/etc/passwd", "/tmp/x", "lo"};
  for (size_t i = 0; i < 65536; i += 64) {
    if (next_random() % 2)
      strcpy(memory + i, paths[next_random() % (sizeof paths / sizeof *paths)]);
    else
      for (size_t k = 0; k < 64; k += 8) *(uint64_t *)(memory + i + k) = next_random() >> (next_random() % 64);
  }
}

/* One child: `count` calls, the numbers from `first` on or random ones. */
static void child(int random, int first, int count) {
  char *memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct rlimit few = {2, 2};
  setrlimit(RLIMIT_CPU, &few);
  alarm(2);
  int null = open("/dev/null", O_RDWR);
  dup2(null, 1);
  dup2(null, 2);
  for (int i = 0; i < count; ++i) {
    if (random) {
      fill(memory);
      syscall((long)(next_random() % (kNewest + 1)), word(memory), word(memory), word(memory), word(memory), word(memory), word(memory));
    } else {
      syscall(first + i, 0, 0, 0, 0, 0, 0);
    }
  }
  _exit(0);
}

/* Children at work, for a call may sleep, and what they may still take: three seconds, in case it took the alarm away. */
enum { kChildren = 8 };
static pid_t children[kChildren];
static double deadlines[kChildren];

/* A place for another child, when one has ended. */
static int free_place(void) {
  for (;;) {
    for (int i = 0; i < kChildren; ++i) {
      if (children[i] != 0 && waitpid(children[i], NULL, WNOHANG) == 0) {
        if (seconds_now() < deadlines[i]) continue;
        kill(children[i], SIGKILL);
        waitpid(children[i], NULL, 0);
      }
      if (children[i] != 0) kill(-children[i], SIGKILL); /* its children */
      children[i] = 0;
      return i;
    }
    usleep(500);
  }
}

int main(int argc, char **argv) {
  if (argc < 4) return 64;
  state = strtoull(argv[1], NULL, 10) | 1;
  long calls = atol(argv[2]), made = 0;
  bound_seconds(atof(argv[3]));
  for (long at = 0; within_bounds() && (at <= kNewest || made < calls); ++at) {
    int random = at > kNewest, place = free_place();
    uint64_t seed = next_random();
    pid_t pid = fork();
    if (pid == 0) {
      setpgid(0, 0);
      state = seed | 1;
      child(random, (int)at, random ? kBatch : 1);
    }
    if (pid < 0) { /* what earlier children left is in the way: it ends with the run, its room comes back by their alarms */
      usleep(20000);
      if (!random) --at;
      continue;
    }
    children[place] = pid;
    deadlines[place] = seconds_now() + 3;
    made += random ? kBatch : 1;
    if (made % 1000 < kBatch) printf("%ld\n", made);
    fflush(stdout);
  }
  for (int i = 0; i < kChildren; ++i) free_place();
  printf("%ld\n", made);
}
