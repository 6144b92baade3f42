// A gigabyte of zeros, declared and never touched.

static volatile char vast[1 << 30];

int main(int argc, char** argv) {
  (void)argv;
  return argc > 99 ? vast[argc] : 0;
}
