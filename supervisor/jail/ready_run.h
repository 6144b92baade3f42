#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "jail/box.h"
#include "jail/capture.h"
#include "seccomp/filter.h"
#include "spec/run_spec.h"

namespace bailiff {

/// What the box's file system held before a run: none of it is the program's, nor evidence against it.
struct FilesBefore {
  Bytes used = {};
  bool disk_full = false, inodes_full = false;
};
FilesBefore files_before(const Box& box);

/// The process of a box's next run, made while nobody waits for it: cloned, limited and filtered, it lacks
/// only its exec. It is the only process in the box then, does nothing but wait, and serves one run, if that
/// turns out to be like the one before: the same limits, filter and working directory, with an input or
/// without. Under gVisor, where each call takes some 25 us and loading a filter 400, that is a fourth of a
/// run.
class ReadyRun {
 public:
  /// Makes one for a run like `like`, in a box that is renewed and idle. Empty where there can be none: the
  /// run's process belongs into a cgroup or a user namespace of the run's own, or is kept by its user id
  /// (plain.h), or its filter asks a listener, which the keeper could only have by sharing its descriptors
  /// meanwhile.
  static std::optional<ReadyRun> make(Box& box, const Surroundings& surroundings, const RunSpec& like,
                                      const Filter& filter, bool has_input);

  /// To be called before anything else is planned on the board. Waits while it is being made, for 20 ms at
  /// most. False: it is not to be had. If it is still being made, the next plan is written while it reads
  /// this one; that does no harm, as it is never told to go, and the keeper kills it at the next order.
  [[nodiscard]] bool settle(Board& board) const;
  /// Whether it is what the plan on the board asks for. `input`: empty for none.
  [[nodiscard]] bool fits(const Box& box, const UniqueFd& input) const;
  /// Copies its input to where it has it. False: there is no room; it has no use then.
  [[nodiscard]] bool give(const UniqueFd& input) const;
  /// Its run begins, by what the plan says of argv and env. False: it is gone, and nothing has begun.
  [[nodiscard]] bool go(Board& board) const;

  Capture out, err;
  FilesBefore before;

 private:
  std::string prepared_;  // what of the plan it was made by
  UniqueFd input_;        // what it has as its input, empty and unsealed so far
};

}  // namespace bailiff
