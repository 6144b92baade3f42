#include "seccomp/assembler.h"

namespace bailiff {

std::optional<std::vector<sock_filter>> Assembler::assemble() const {
  std::vector<sock_filter> code;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    sock_filter line = lines_[i].code;
    const std::size_t yes = distance(lines_[i].yes, i);
    const std::size_t no = distance(lines_[i].no, i);
    if (line.code == kGoto) {
      line.k = static_cast<std::uint32_t>(yes);
    } else if (BPF_CLASS(line.code) == BPF_JMP) {
      if (yes > 255 || no > 255) return std::nullopt;
      line.jt = static_cast<std::uint8_t>(yes);
      line.jf = static_cast<std::uint8_t>(no);
    }
    code.push_back(line);
  }
  return code;
}

}  // namespace bailiff
