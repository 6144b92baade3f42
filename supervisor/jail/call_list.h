#pragma once

#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "jail/board.h"

namespace bailiff {

/// Puts texts and arrays on the board, one after the other. Not an owner: the Box owns the memory.
class BoardWriter {
 public:
  BoardWriter(std::byte* board, Offset from) : board_(board), next_(from) {}

  /// Room for `size` bytes, 16-aligned. Asserts that the board is large enough: callers bound what they put
  /// there.
  Offset reserve(std::size_t size);
  Offset put(const void* data, std::size_t size);
  Offset text(std::string_view text);  // NUL-terminated
  [[nodiscard]] std::byte* at(Offset offset) const { return board_ + offset; }
  [[nodiscard]] Offset next() const { return next_; }

 private:
  std::byte* board_;
  Offset next_;
};

/// A list of system calls for the keeper, composed here and made there (keeper.cc, perform).
/// Read box_plan.cc to see how a box comes into being.
class CallList {
 public:
  struct Slot {
    int index;
  };

  /// One argument: a number, a text that is put on the board, or a descriptor some earlier call saved.
  struct Arg {
    // NOLINTBEGIN(google-explicit-constructor): a list of calls reads like the calls
    Arg(std::nullptr_t) : number(0) {}
    Arg(const char* value) : kind(Call::kBoard), text(value) {}
    Arg(const std::string& value) : kind(Call::kBoard), text(value) {}
    Arg(Slot slot) : kind(Call::kSlot), number(static_cast<std::uint64_t>(slot.index)) {}
    template <typename T>
    requires(std::is_integral_v<T> || std::is_enum_v<T>) Arg(T value)
        : number(static_cast<std::uint64_t>(static_cast<std::int64_t>(value))) {}
    // NOLINTEND(google-explicit-constructor)
    Arg(Offset offset, Call::ArgKind on_board) : kind(on_board), number(offset) {}

    Call::ArgKind kind = Call::kLiteral;
    std::uint64_t number = 0;
    std::string text = {};
  };

  explicit CallList(BoardWriter& writer) : writer_(writer) {}

  /// Appends a call. `name` is what an error message will say: "mount /usr".
  CallList& add(std::string_view name, long nr, std::initializer_list<Arg> args);

  // These speak of the call added last.
  CallList& save(int slot);
  CallList& may_fail();
  /// The call is made only if the one before it failed; that one may then fail.
  CallList& otherwise(std::string_view name, long nr, std::initializer_list<Arg> args);

  /// Writes the list to the board. The list must not grow afterwards.
  Offset finish();
  [[nodiscard]] int size() const { return static_cast<int>(calls_.size()); }
  /// Index of the call added last, to ask for its outcome later.
  [[nodiscard]] int last() const { return size() - 1; }
  /// What each call is called in an error.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  BoardWriter& writer_;
  std::vector<Call> calls_;
  std::vector<std::string> names_;  // kept here: what the keeper does not read must not cost it pages
};

}  // namespace bailiff
