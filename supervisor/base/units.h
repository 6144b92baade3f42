#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace bailiff {

/// Every duration inside bailiff. Milliseconds exist only in JSON, where the key says so.
using Nanos = std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// A size in bytes; never converts from or to a plain integer by itself.
struct Bytes {
  std::uint64_t count = 0;
  auto operator<=>(const Bytes&) const = default;
};

constexpr Bytes operator""_B(unsigned long long n) { return Bytes{n}; }
constexpr Bytes operator""_KiB(unsigned long long n) { return Bytes{n << 10}; }
constexpr Bytes operator""_MiB(unsigned long long n) { return Bytes{n << 20}; }
constexpr Bytes operator""_GiB(unsigned long long n) { return Bytes{n << 30}; }

}  // namespace bailiff
