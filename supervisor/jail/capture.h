#pragma once

#include <nettle/sha2.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/blob.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "spec/run_result.h"

namespace bailiff {

/// Bytes of an output that go ahead of its result, and their checksum (frame.h).
struct EarlyOutput {
  Blob bytes = {};
  std::uint32_t crc = 0;
};

/// Reads one output stream of the program from a pipe: keeps the first `ceiling` bytes, counts and hashes the
/// rest. Its own memory is that of a Blob whatever the program writes.
class Capture {
 public:
  /// Makes the pipe. `early`: take_early() will be called.
  static Result<Capture> open(Bytes ceiling, uid_t owner, bool early = false);
  /// Before the first byte: of a pipe that was made when neither was known.
  void expect(Bytes ceiling, bool early);

  /// What to poll for reading. It has no end, as we keep a writing end: one would come with the program's death, and
  /// wake us once for nothing before the keeper does.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// What the program writes to. Borrowed.
  [[nodiscard]] int write_end() const { return write_end_.get(); }
  [[nodiscard]] bool over_ceiling() const { return bytes_ > ceiling_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  static constexpr std::uint64_t kMuch = std::uint64_t{1} << 20;

  /// Takes what is there without waiting, until the pipe is empty, or past the ceiling: a flood must not keep the
  /// supervisor here. True: it is empty.
  Result<bool> drain(std::size_t most = std::size_t{1} << 20);
  /// What has been kept since the last time, if it is much: kMuch at least. finish() then has only the rest. `last`: it
  /// is not called again.
  std::optional<EarlyOutput> take_early(bool last);
  /// After the last writer is dead: takes the rest, which is at most what a pipe holds, and gives the stream away.
  Result<Stream> finish();
  /// The last writer is dead, and the pipe was found empty since: finish() need not look.
  void mark_empty() { empty_ = true; }

 private:
  void expect_much();

  UniqueFd fd_, write_end_;
  bool empty_ = false;
  std::uint64_t ceiling_ = 0;
  std::uint64_t bytes_ = 0;
  bool expects_much_ = false;
  bool sends_early_ = false;
  Blob kept_;                // not taken early
  std::uint64_t early_ = 0;  // taken early
  std::uint32_t crc_ = 0;    // of kept_
  sha256_ctx hash_ = {};
};

}  // namespace bailiff
