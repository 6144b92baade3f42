#include "base/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace bailiff {
namespace {

using Byte = unsigned char;

/// How many ASCII bytes `text` starts with. Eight at a time: program output is mostly ASCII, and long.
std::size_t ascii_prefix(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t at = 0;
  for (std::uint64_t word = 0; text.size() - at >= sizeof word; at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & kHighBits) != 0) break;
  }
  while (at < text.size() && static_cast<Byte>(text[at]) < 0x80) ++at;
  return at;
}

/// The length of the multi-byte character `text` starts with; 0 when that is none.
std::size_t character_length(std::string_view text) {
  struct Row {
    Byte lead_low, lead_high, second_low, second_high;
    std::size_t length;
  };
  constexpr Row kRows[] = {
      // RFC 3629, section 4, in its order
      {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
      {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
      {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
  };
  const auto within = [&](std::size_t at, Byte low, Byte high) {
    const auto byte = static_cast<Byte>(text[at]);
    return low <= byte && byte <= high;
  };
  for (const Row& row : kRows) {
    if (!within(0, row.lead_low, row.lead_high)) continue;
    if (text.size() < row.length || !within(1, row.second_low, row.second_high)) return 0;
    for (std::size_t at = 2; at < row.length; ++at) {
      if (!within(at, 0x80, 0xBF)) return 0;
    }
    return row.length;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (;;) {
    text.remove_prefix(ascii_prefix(text));
    if (text.empty()) return true;
    const std::size_t length = character_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
}

}  // namespace bailiff
