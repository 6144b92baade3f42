/* Says itself that it failed. */
int main(void) { return 3; }
