#pragma once

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "base/units.h"

namespace bailiff {

/// A point of time on the monotonic clock. Whatever waits is given one, made once by who asked; nothing that
/// a container or a daemon sends moves it.
struct Deadline {
  std::chrono::steady_clock::time_point at;
  int cancel_fd = -1;  // readable: give up now. Borrowed; -1: nobody can

  [[nodiscard]] Nanos left() const {
    return std::max<Nanos>(Nanos{0}, at - std::chrono::steady_clock::now());
  }
  /// For poll(2): rounded up, so that it does not wake a moment too early and spin.
  [[nodiscard]] int left_ms() const {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left()).count();
    return static_cast<int>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max()));
  }
  /// So much from now, but not later than this one.
  [[nodiscard]] Deadline within(Nanos span) const {
    return {std::min(at, std::chrono::steady_clock::now() + span), cancel_fd};
  }
};

inline Deadline deadline_in(Nanos span, int cancel_fd = -1) {
  return {std::chrono::steady_clock::now() + span, cancel_fd};
}

}  // namespace bailiff
