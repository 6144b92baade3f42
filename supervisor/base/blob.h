#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace bailiff {

/// Bytes that came out of a box: in memory while they are few, in a file (output_file.h) once they are many. What
/// lies there is in nobody's resident memory, however much a program writes. A copy or a part shares the file; who
/// appends to bytes that are shared gets a file of its own.
class Blob {
 public:
  static constexpr std::size_t kInMemory = std::size_t{256} << 10;

  Blob() = default;
  // NOLINTBEGIN(google-explicit-constructor): a few bytes are a Blob like any other
  Blob(std::string bytes) : bytes_(std::move(bytes)) {}
  Blob(const char* bytes) : bytes_(bytes) {}
  // NOLINTEND(google-explicit-constructor)

  /// Errors: ENOSPC, ENOMEM  of make_output_file() and write(2)
  Result<void> append(std::string_view bytes);
  Result<void> append_all(const Blob& other);
  /// Appends the rest of a file that has at most `most` bytes (copy_rest, file_io.h).
  Result<void> append_file(int fd, std::uint64_t most);

  [[nodiscard]] std::uint64_t size() const { return bytes_.size() + spooled_; }
  /// `size` bytes from `offset` on, which must be there.
  [[nodiscard]] Result<Blob> part(std::uint64_t offset, std::uint64_t size) const;
  /// Many bytes will come: they go to a file from the first on.
  ///
  /// Errors: as append()
  Result<void> expect_many() { return spill(); }
  /// Fills `room` from `offset` on; answers how many bytes there were.
  Result<std::size_t> read(std::uint64_t offset, std::span<char> room) const;
  /// Shows all of it in order, a piece at a time, without a copy.
  Result<void> each(const std::function<void(std::string_view)>& take) const;
  /// The file it lies in from spool_begin() on, or -1. Borrowed.
  [[nodiscard]] int spool_fd() const { return spool_ ? spool_->get() : -1; }
  [[nodiscard]] std::uint64_t spool_begin() const { return begin_; }
  /// All of it, through `room` where it does not lie in memory already. Aborts if a file cannot be read.
  std::string_view view(std::string& room) const;
  [[nodiscard]] std::string text() const;

 private:
  /// Afterwards there is a spool, of this Blob alone.
  Result<void> spill();

  std::string bytes_;  // empty once there is a spool
  std::shared_ptr<const UniqueFd> spool_;
  std::uint64_t begin_ = 0;  // in the spool
  bool is_part_ = false;     // the spool may end elsewhere
  std::uint64_t spooled_ = 0;
};

}  // namespace bailiff
