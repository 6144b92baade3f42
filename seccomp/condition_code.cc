#include "seccomp/condition_code.h"

#include <bit>

namespace bailiff {
namespace {

/// The two halves of an argument in seccomp_data; both our machines are little-endian.
std::uint32_t low_offset(unsigned arg) {
  return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + sizeof(__u64) * arg);
}
std::uint32_t high_offset(unsigned arg) { return low_offset(arg) + 4; }
std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

/// Falls through when the condition holds, and goes to `fails` when it does not.
class ConditionCode {
 public:
  ConditionCode(Assembler& out, const Condition& condition, Label fails)
      : out_(out), condition_(condition), fails_(fails), holds_(out.new_label()) {}

  void write() {
    if (condition_.wide) {
      wide();
    } else {
      narrow();
    }
    out_.place(holds_);
  }

 private:
  static constexpr Label kNext = Assembler::kNext;

  void load_low() { out_.load(low_offset(condition_.arg)); }
  void load_high() { out_.load(high_offset(condition_.arg)); }

  void narrow() {
    load_low();
    const std::uint32_t value = low(condition_.values[0]);
    switch (condition_.test) {
      case Comparison::kOneOf:
        out_.mask(low(condition_.mask));
        for (std::size_t i = 0; i + 1 < condition_.values.size(); ++i) {
          out_.branch(kIfEqual, low(condition_.values[i]), holds_, kNext);
        }
        return out_.branch(kIfEqual, low(condition_.values.back()), kNext, fails_);
      case Comparison::kNoneOf:
        out_.mask(low(condition_.mask));
        for (const std::uint64_t one : condition_.values) out_.branch(kIfEqual, low(one), fails_, kNext);
        return;
      case Comparison::kHasBits:
        if (std::has_single_bit(value)) return out_.branch(kIfAnyBit, value, kNext, fails_);
        out_.mask(value);
        return out_.branch(kIfEqual, value, kNext, fails_);
      case Comparison::kHasAnyBits:
        return out_.branch(kIfAnyBit, value, kNext, fails_);
      case Comparison::kLacksBits:
        return out_.branch(kIfAnyBit, value, fails_, kNext);
      case Comparison::kLessThan:
        return out_.branch(kIfAtLeast, value, fails_, kNext);
      case Comparison::kAtMost:
        return out_.branch(kIfAbove, value, fails_, kNext);
      case Comparison::kGreaterThan:
        return out_.branch(kIfAbove, value, kNext, fails_);
      case Comparison::kAtLeast:
        return out_.branch(kIfAtLeast, value, kNext, fails_);
    }
  }

  void wide() {
    const std::uint64_t value = condition_.values[0];
    switch (condition_.test) {
      case Comparison::kOneOf:
        for (const std::uint64_t one : condition_.values) equal(one, holds_);
        return out_.jump(fails_);
      case Comparison::kNoneOf:
        for (const std::uint64_t one : condition_.values) equal(one, fails_);
        return;
      case Comparison::kHasBits:
        load_high();
        out_.mask(high(value));
        out_.branch(kIfEqual, high(value), kNext, fails_);
        load_low();
        out_.mask(low(value));
        return out_.branch(kIfEqual, low(value), kNext, fails_);
      case Comparison::kHasAnyBits:
        load_high();
        out_.branch(kIfAnyBit, high(value), holds_, kNext);
        load_low();
        return out_.branch(kIfAnyBit, low(value), kNext, fails_);
      case Comparison::kLacksBits:
        load_high();
        out_.branch(kIfAnyBit, high(value), fails_, kNext);
        load_low();
        return out_.branch(kIfAnyBit, low(value), fails_, kNext);
      case Comparison::kLessThan:
        return ordered(value, fails_, holds_, kIfAtLeast, fails_, kNext);
      case Comparison::kAtMost:
        return ordered(value, fails_, holds_, kIfAbove, fails_, kNext);
      case Comparison::kGreaterThan:
        return ordered(value, holds_, fails_, kIfAbove, kNext, fails_);
      case Comparison::kAtLeast:
        return ordered(value, holds_, fails_, kIfAtLeast, kNext, fails_);
    }
  }

  /// Goes to `then` when both halves match, falls through otherwise.
  void equal(std::uint64_t value, Label then) {
    const Label differs = out_.new_label();
    load_high();
    out_.mask(high(condition_.mask));
    out_.branch(kIfEqual, high(value), kNext, differs);
    load_low();
    out_.mask(low(condition_.mask));
    out_.branch(kIfEqual, low(value), then, kNext);
    out_.place(differs);
  }

  /// The upper halves decide unless they are equal; then `low_test` on the lower ones does.
  void ordered(std::uint64_t value, Label above, Label below, std::uint16_t low_test, Label yes, Label no) {
    load_high();
    out_.branch(kIfAbove, high(value), above, kNext);
    out_.branch(kIfEqual, high(value), kNext, below);
    load_low();
    out_.branch(low_test, low(value), yes, no);
  }

  Assembler& out_;
  const Condition& condition_;
  Label fails_;
  Label holds_;  // where a test ends that knows early
};

}  // namespace

void write_condition(Assembler& out, const Condition& condition, Label fails) {
  ConditionCode(out, condition, fails).write();
}

}  // namespace bailiff
