#include "tests/support/bpf_interpreter.h"

#include <cstdlib>
#include <cstring>

namespace bailiff {
namespace {

bool is_known(std::uint16_t code) {
  switch (code) {
    case BPF_LD | BPF_W | BPF_ABS:
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_RET | BPF_K:
    case BPF_JMP | BPF_JA:
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
      return true;
    default:
      return false;  // the kernel knows more; our compiler has no business writing them
  }
}

std::uint32_t word_at(const seccomp_data& call, std::uint32_t offset) {
  std::uint32_t word = 0;
  std::memcpy(&word, reinterpret_cast<const char*>(&call) + offset, sizeof word);
  return word;
}

}  // namespace

std::string why_not_loadable(std::span<const sock_filter> code) {
  if (code.empty() || code.size() > BPF_MAXINSNS) return "bad length " + std::to_string(code.size());
  for (std::size_t i = 0; i < code.size(); ++i) {
    const sock_filter& line = code[i];
    const std::string at = " at " + std::to_string(i);
    if (!is_known(line.code)) return "unknown instruction" + at;
    if (line.code == (BPF_LD | BPF_W | BPF_ABS) && (line.k % 4 != 0 || line.k >= sizeof(seccomp_data))) {
      return "load outside seccomp_data" + at;
    }
    if (line.code == (BPF_JMP | BPF_JA)) {
      if (line.k >= code.size() - i - 1) return "jump beyond the end" + at;
    } else if (BPF_CLASS(line.code) == BPF_JMP) {
      if (i + line.jt + 1 >= code.size() || i + line.jf + 1 >= code.size())
        return "branch beyond the end" + at;
    }
  }
  if (BPF_CLASS(code.back().code) != BPF_RET) return "does not end in a return";
  return "";
}

BpfVerdict interpret(std::span<const sock_filter> code, const seccomp_data& call) {
  std::uint32_t accumulator = 0;
  std::uint32_t steps = 0;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const sock_filter& line = code[i];
    ++steps;
    bool taken = false;
    switch (line.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        accumulator = word_at(call, line.k);
        continue;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= line.k;
        continue;
      case BPF_RET | BPF_K:
        return {line.k, steps};
      case BPF_JMP | BPF_JA:
        i += line.k;
        continue;
      case BPF_JMP | BPF_JEQ | BPF_K:
        taken = accumulator == line.k;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        taken = accumulator > line.k;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        taken = accumulator >= line.k;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        taken = (accumulator & line.k) != 0;
        break;
      default:
        std::abort();  // the caller did not ask why_not_loadable first
    }
    i += taken ? line.jt : line.jf;
  }
  std::abort();
}

}  // namespace bailiff
