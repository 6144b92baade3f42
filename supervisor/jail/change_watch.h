#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace bailiff {

/// Knows whether anything below the writable directories of a box was changed: a file or directory made,
/// removed, renamed, written (by mmap too: the descriptor it needs is closed at the latest at its holder's
/// end), an attribute set. Reading leaves no event, and no trace either: the box is mounted noatime
/// (inotify(7)).
///
/// A clean answer lets the next run go on in the same directories; anything else means they are made anew.
class ChangeWatch {
 public:
  /// Watches scratch/box with every directory in it, scratch/tmp and scratch/shm, from now on.
  static Result<ChangeWatch> begin(int scratch);

  /// True once there was a change; also when the watch was lost or could not be read.
  [[nodiscard]] bool changed();

 private:
  UniqueFd fd_;
  bool changed_ = true;
};

}  // namespace bailiff
