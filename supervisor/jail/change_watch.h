#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bailiff {

/// Knows whether anything below the writable directories of a box was changed: a file or directory made,
/// removed, renamed, written, an attribute set. A mapping that is written gives no event before its
/// descriptor is closed, and that may be after the last process' end: one under way in a unix socket waits
/// for the kernel's collector (net/unix/garbage.c). So a file still open for writing counts as changed.
/// Reading leaves no event, and no trace either: the box is mounted noatime (inotify(7)).
///
/// A clean answer lets the next run go on in the same directories; anything else means they are made anew.
///
/// All watches of a process share one inotify descriptor: closing one takes the kernel some 9 ms (it waits
/// for a grace period of SRCU), taking a watch off it 1 µs.
class ChangeWatch {
 public:
  /// Watches scratch/box with every directory in it, scratch/tmp and scratch/shm, from now on.
  static Result<ChangeWatch> begin(int scratch);

  ChangeWatch() = default;
  ChangeWatch(ChangeWatch&& other) noexcept
      : watched_(std::exchange(other.watched_, {})), files_(std::exchange(other.files_, {})) {}
  ChangeWatch& operator=(ChangeWatch&& other) noexcept {
    std::swap(watched_, other.watched_);
    std::swap(files_, other.files_);
    return *this;
  }
  ~ChangeWatch();

  /// True once there was a change; also when nothing is watched, or events were lost. `scratch` as for
  /// begin().
  [[nodiscard]] bool changed(int scratch);

 private:
  /// Whether anybody has a file open for writing; also when that cannot be told.
  [[nodiscard]] bool may_be_written(int scratch) const;

  std::vector<int> watched_;        // watch descriptors
  std::vector<std::string> files_;  // the regular files in what is watched: paths from scratch
};

}  // namespace bailiff
