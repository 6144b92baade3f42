// Streams, containers, exceptions, locale, random numbers, clocks.
#include <chrono>
#include <iostream>
#include <locale>
#include <map>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>

int main() {
  std::ios::sync_with_stdio(false);
  std::map<std::string, int> seen;
  for (std::string word; std::cin >> word;) ++seen[word];
  try {
    std::locale::global(std::locale(""));
    (void)std::stoi("none");
    return 1;
  } catch (const std::exception&) {
    std::ostringstream text;
    for (const auto& [word, count] : seen) text << word << '=' << count << ';';
    std::cout << text.str() << std::endl;
  }
  std::random_device device;
  std::mt19937 engine(device());
  const auto now = std::chrono::steady_clock::now();
  std::cerr << engine() % 2 << (now.time_since_epoch().count() > 0);
}
