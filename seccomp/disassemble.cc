#include "seccomp/disassemble.h"

#include <array>
#include <cstdio>

#include "seccomp/assembler.h"

namespace bailiff {
namespace {

std::string hexadecimal(std::uint32_t value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%x", value);
  return text.data();
}

std::string word_name(std::uint32_t offset) {
  if (offset == kNumberOffset) return "number";
  if (offset == kMachineOffset) return "machine";
  const std::uint32_t from_args = offset - static_cast<std::uint32_t>(offsetof(seccomp_data, args));
  return "argument " + std::to_string(from_args / 8) + (from_args % 8 == 0 ? "" : ", upper half");
}

std::string test_name(const sock_filter& line) {
  switch (line.code) {
    case kIfEqual:
      return "== " + std::to_string(line.k);
    case kIfAbove:
      return "> " + std::to_string(line.k);
    case kIfAtLeast:
      return ">= " + std::to_string(line.k);
    default:
      return "has any bit of " + hexadecimal(line.k);
  }
}

std::string in_words(const sock_filter& line, std::size_t index) {
  const auto place = [index](std::size_t distance) { return std::to_string(index + 1 + distance); };
  switch (line.code) {
    case kLoad:
      return "load " + word_name(line.k);
    case kAnd:
      return "mask " + hexadecimal(line.k);
    case kReturn:
      return text_of(Action{line.k});
    case kGoto:
      return "go to " + place(line.k);
    default:
      return "if it " + test_name(line) + " go to " + place(line.jt) + ", else to " + place(line.jf);
  }
}

}  // namespace

std::string disassemble(std::span<const sock_filter> code) {
  std::string text;
  for (std::size_t i = 0; i < code.size(); ++i)
    text += std::to_string(i) + ": " + in_words(code[i], i) + "\n";
  return text;
}

}  // namespace bailiff
