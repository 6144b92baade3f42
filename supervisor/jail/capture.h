#pragma once

#include <nettle/sha2.h>
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/blob.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "spec/run_result.h"

namespace bailiff {

/// Reads one output stream of the program from a pipe: keeps the first `ceiling` bytes, counts and hashes the
/// rest. Its own memory is that of a Blob whatever the program writes.
class Capture {
 public:
  /// Makes the pipe; `write_end` is for the program.
  static Result<Capture> open(Bytes ceiling, uid_t owner, UniqueFd& write_end);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool over_ceiling() const { return bytes_ > ceiling_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  /// Takes what is there without waiting, until the pipe is empty, at its end, or past the ceiling: a flood
  /// must not keep the supervisor here. Closes the pipe at its end.
  Result<void> drain(std::size_t most = std::size_t{1} << 20);
  /// After the last writer is dead: takes the rest, which is at most what a pipe holds, and gives the stream
  /// away.
  Result<Stream> finish();

 private:
  void expect_much();

  UniqueFd fd_;
  std::uint64_t ceiling_ = 0;
  std::uint64_t bytes_ = 0;
  bool expects_much_ = false;
  Blob kept_;
  sha256_ctx hash_ = {};
};

}  // namespace bailiff
