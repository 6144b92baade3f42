#pragma once

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace bailiff {

/// Whose fault an Error is; it decides who has to act (docs/run-result.md, "Errors").
enum class Fault {
  kRequest,   ///< the caller asked for something wrong: change the request
  kHost,      ///< this machine cannot do it: change the machine
  kInternal,  ///< bailiff broke: report it
};

/// Why something could not be done: the call and its operand, errno when there was one.
/// `key` names the place in the request that is at fault ("limits.memory_bytes"), empty otherwise.
struct [[nodiscard]] Error {
  Fault fault = Fault::kHost;
  int code = 0;  // errno; 0 when no system call failed
  std::string what;
  std::string key;

  /// "open cgroup run-1: No such file or directory"
  [[nodiscard]] std::string message() const { return code == 0 ? what : what + ": " + std::strerror(code); }
};

/// The system call just made failed: `what` is its name and operand.
inline Error errno_error(std::string what) { return Error{Fault::kHost, errno, std::move(what), {}}; }
inline Error request_error(std::string key, std::string what) {
  return Error{Fault::kRequest, 0, std::move(what), std::move(key)};
}
inline Error host_error(std::string what) { return Error{Fault::kHost, 0, std::move(what), {}}; }
inline Error internal_error(std::string what) { return Error{Fault::kInternal, 0, std::move(what), {}}; }

/// A value or the Error that kept us from having one. The spelling of std::expected, which clang 14 lacks.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit on purpose

  [[nodiscard]] bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }

  void value() const {}
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace bailiff

/// Unwraps a Result or returns its Error from the enclosing function. The only macro in this project.
#define TRY(expression)                                    \
  __extension__({                                          \
    auto&& try_result = (expression);                      \
    if (!try_result) return std::move(try_result).error(); \
    std::move(try_result).value();                         \
  })
