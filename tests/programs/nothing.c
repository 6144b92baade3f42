// nothing: the smallest program there is. What it costs is what being started costs.

int main(void) { return 0; }
