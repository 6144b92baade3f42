// The same problem, nearly solved: the number of pairs does not fit into an int.
#include <algorithm>
#include <iostream>
#include <vector>

static int count(std::vector<int>& a, std::size_t from, std::size_t to) {
  if (to - from < 2) return 0;
  const std::size_t middle = from + (to - from) / 2;
  int pairs = count(a, from, middle) + count(a, middle, to);
  for (std::size_t left = from, right = middle; left < middle; ++left) {
    while (right < to && a[right] < a[left]) ++right;
    pairs += right - middle;
  }
  std::inplace_merge(a.begin() + from, a.begin() + middle, a.begin() + to);
  return pairs;
}

int main() {
  std::size_t n = 0;
  std::cin >> n;
  std::vector<int> a(n);
  for (int& x : a) std::cin >> x;
  std::cout << count(a, 0, n) << '\n';
}
