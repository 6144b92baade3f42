// A solution as students send them: reads n and n numbers, prints how many pairs stand in the wrong order.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <vector>

static std::int64_t count(std::vector<int>& a, std::vector<int>& spare, std::size_t from, std::size_t to) {
  if (to - from < 2) return 0;
  const std::size_t middle = from + (to - from) / 2;
  std::int64_t pairs = count(a, spare, from, middle) + count(a, spare, middle, to);
  std::size_t left = from, right = middle, out = from;
  while (left < middle && right < to) {
    if (a[left] <= a[right]) {
      spare[out++] = a[left++];
    } else {
      pairs += static_cast<std::int64_t>(middle - left);
      spare[out++] = a[right++];
    }
  }
  while (left < middle) spare[out++] = a[left++];
  while (right < to) spare[out++] = a[right++];
  std::copy(spare.begin() + from, spare.begin() + to, a.begin() + from);
  return pairs;
}

int main() {
  std::ios::sync_with_stdio(false);
  std::size_t n = 0;
  std::cin >> n;
  std::vector<int> a(n), spare(n);
  for (int& x : a) std::cin >> x;
  std::cout << count(a, spare, 0, n) << '\n';
}
