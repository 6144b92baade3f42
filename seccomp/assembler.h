#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "seccomp/profile.h"

namespace bailiff {

// The instructions we write: the accumulator is loaded, masked, compared; then a jump or a verdict.
inline constexpr std::uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
inline constexpr std::uint16_t kAnd = BPF_ALU | BPF_AND | BPF_K;
inline constexpr std::uint16_t kGoto = BPF_JMP | BPF_JA;
inline constexpr std::uint16_t kReturn = BPF_RET | BPF_K;
inline constexpr std::uint16_t kIfEqual = BPF_JMP | BPF_JEQ | BPF_K;
inline constexpr std::uint16_t kIfAbove = BPF_JMP | BPF_JGT | BPF_K;
inline constexpr std::uint16_t kIfAtLeast = BPF_JMP | BPF_JGE | BPF_K;
inline constexpr std::uint16_t kIfAnyBit = BPF_JMP | BPF_JSET | BPF_K;

inline constexpr std::uint32_t kNumberOffset = offsetof(seccomp_data, nr);
inline constexpr std::uint32_t kMachineOffset = offsetof(seccomp_data, arch);

/// Where a jump goes, before places have numbers.
using Label = std::size_t;

/// A list of instructions whose jumps name labels. The kernel only knows jumps forward, so a label is always
/// placed after those who jump to it.
class Assembler {
 public:
  Label new_label() {
    places_.push_back(kUnplaced);
    return places_.size() - 1;
  }
  void place(Label label) { places_[label] = lines_.size(); }

  void load(std::uint32_t offset) { lines_.push_back({{kLoad, 0, 0, offset}}); }
  void mask(std::uint32_t bits) {
    if (bits != 0xffffffff) lines_.push_back({{kAnd, 0, 0, bits}});
  }
  void finish(Action action) { lines_.push_back({{kReturn, 0, 0, action.value}}); }
  void jump(Label to) { lines_.push_back({{kGoto, 0, 0, 0}, to, kNext}); }
  void branch(std::uint16_t test, std::uint32_t value, Label yes, Label no) {
    lines_.push_back({{test, 0, 0, value}, yes, no});
  }

  static constexpr Label kNext = static_cast<Label>(-1);  // the following instruction

  /// The instructions with their distances. Every one costs time whenever the filter is loaded (the kernel
  /// checks and translates it), so equal verdicts share an instruction, and what is loaded already is not
  /// loaded again.
  [[nodiscard]] std::vector<sock_filter> assemble() const;

 private:
  friend class Layout;

  struct Line {
    sock_filter code;
    Label yes = kNext;
    Label no = kNext;
  };
  static constexpr std::size_t kUnplaced = static_cast<std::size_t>(-1);

  std::vector<Line> lines_;
  std::vector<std::size_t> places_;
};

}  // namespace bailiff
