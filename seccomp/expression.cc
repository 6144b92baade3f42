#include "seccomp/expression.h"

#include <string>
#include <utility>

#include "seccomp/constants.h"

namespace bailiff {
namespace {

/// Recursive descent over: sum = term {"|" term}; term = "~" term | "(" sum ")" | name | digit.
class Expression {
 public:
  Expression(Arch arch, std::string_view text) : arch_(arch), text_(text), rest_(text) {}

  Result<std::uint64_t> value() {
    const std::uint64_t result = TRY(sum());
    if (!rest_.empty()) return wrong("cannot read \"" + std::string(rest_) + "\"");
    return result;
  }

 private:
  // Profiles come from operators, not from programs, yet nesting must not be able to end the stack.
  static constexpr unsigned kMaxDepth = 16;

  Result<std::uint64_t> sum() {
    std::uint64_t result = TRY(term());
    while (take('|')) result |= TRY(term());
    return result;
  }

  Result<std::uint64_t> term() {
    if (++depth_ > kMaxDepth) return wrong("nested too deeply");
    const std::uint64_t result = TRY(unary());
    --depth_;
    return result;
  }

  Result<std::uint64_t> unary() {
    if (take('~')) return ~TRY(term());
    if (take('(')) {
      const std::uint64_t result = TRY(sum());
      if (!take(')')) return wrong("missing )");
      return result;
    }
    return name();
  }

  Result<std::uint64_t> name() {
    skip_blanks();
    std::size_t length = 0;
    while (length < rest_.size() && is_name_character(rest_[length])) ++length;
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    skip_blanks();

    if (word.empty()) return wrong("a constant's name is missing");
    if (const auto found = constant_value(arch_, word)) return *found;
    if (word.size() == 1 && word[0] >= '0' && word[0] <= '9')
      return static_cast<std::uint64_t>(word[0] - '0');
    if (word[0] >= '0' && word[0] <= '9')
      return wrong("numbers above 9 need a name, not " + std::string(word));
    return wrong("unknown constant " + std::string(word));
  }

  static bool is_name_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  }

  bool take(char wanted) {
    skip_blanks();
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    skip_blanks();
    return true;
  }

  void skip_blanks() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }

  [[nodiscard]] Error wrong(const std::string& why) const {
    std::string what(1, '"');
    what += text_;
    what += "\": " + why;
    return request_error("value", std::move(what));
  }

  Arch arch_;
  std::string_view text_;
  std::string_view rest_;
  unsigned depth_ = 0;
};

}  // namespace

Result<std::uint64_t> evaluate(Arch arch, std::string_view expression) {
  return Expression(arch, expression).value();
}

}  // namespace bailiff
