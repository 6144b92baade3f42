// Slow to compile: templates, regular expressions, streams.
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

int main() {
  std::map<std::string, std::set<std::vector<int>>> deep;
  deep["a"].insert({1, 2, 3});
  std::function<int(int)> twice = [](int n) { return 2 * n; };
  std::cout << std::regex_replace(std::string("b4g"), std::regex("[0-9]"), "i") << twice(21) << deep.size() << '\n';
}
