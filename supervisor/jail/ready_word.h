#pragma once

#include <cstdint>

namespace bailiff {

/// How far the process is that Order::kMakeReady asks for: the next run's, all but its exec. Supervisor and
/// process wait for each other's changes by futex(2). The keeper hears of none of them: it looks when it
/// reaps the process, and before it does something else.
enum class Ready : std::uint32_t {
  kNone,
  kMaking,   // set by the supervisor with the order
  kWaiting,  // by the process
  kGo,       // by the supervisor: its run begins, with what the plan says of argv and env by then
  kGone      // by the process or the keeper: it is of no use; nobody sets it after kGo
};

/// A Ready that supervisor, keeper and process share. Freestanding, as board.h.
struct ReadyWord {
  std::uint32_t value;  // the futex

  [[nodiscard]] Ready now() const noexcept {
    return static_cast<Ready>(__atomic_load_n(&value, __ATOMIC_SEQ_CST));
  }
  void set(Ready to) noexcept { __atomic_store_n(&value, static_cast<std::uint32_t>(to), __ATOMIC_SEQ_CST); }
  /// False: it was something else.
  bool change(Ready from, Ready to) noexcept {
    auto expected = static_cast<std::uint32_t>(from);
    return __atomic_compare_exchange_n(&value, &expected, static_cast<std::uint32_t>(to), false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  }
};

}  // namespace bailiff
