/* Writes where nothing is. */
int main(void) {
  *(volatile int*)16 = 1;
  return 0;
}
