// Not a program.
#include <iostream>

int main() {
  int n = 0;
  std::cin >> n;
  std::cout << number << '\n';
}
