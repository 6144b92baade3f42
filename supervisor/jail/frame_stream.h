#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/blob.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "spec/frame_reader.h"

namespace bailiff {

/// An empty memfd for bytes on their way into a box: what lies there costs the supervisor no resident memory.
Result<UniqueFd> make_spool();

/// Takes frames apart as their bytes arrive. A body goes straight into a spool: it never lies in our memory.
class FrameInput {
 public:
  /// Borrows `fd`.
  explicit FrameInput(int fd) : fd_(fd) {}

  struct Frame {
    std::string header = {};
    UniqueFd body = {};  // empty when the frame has none
    std::uint64_t body_bytes = 0;
  };

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool at_end() const { return at_end_; }
  /// Bytes taken off the pipe that next() has not looked at yet.
  [[nodiscard]] bool has_more() const { return !unread_.empty(); }

  /// Reads what is there, once. Call when poll says so.
  /// Errors: kRequest  the input ends within a frame
  Result<void> fill();
  /// The next whole frame, if the bytes so far hold one.
  /// Errors: kRequest  not a frame (frame.h)
  Result<std::optional<Frame>> next();

 private:
  int fd_;
  bool at_end_ = false;
  std::array<char, 65536> buffer_ = {};
  std::string_view unread_;  // of buffer_
  FrameReader reader_;
  Frame frame_;
};

/// Sends frames as fast as the peer takes them, without waiting for it. Borrows the descriptor and makes it
/// non-blocking while it lives.
class FrameOutput {
 public:
  explicit FrameOutput(int fd);
  ~FrameOutput();
  FrameOutput(const FrameOutput&) = delete;
  FrameOutput& operator=(const FrameOutput&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::uint64_t unsent() const { return unsent_; }

  void add(std::string_view header);
  Result<void> add(std::string_view header, const std::vector<Blob>& body);
  /// A body whose checksum is known.
  void add(std::string_view header, Blob body, std::uint32_t crc);
  /// Writes what the peer takes now, and no more than a MiB or so of it: a peer that reads as fast as we
  /// write must not keep us here. Errors: EPIPE  nobody reads any more
  Result<void> flush();

 private:
  void push(Blob part);
  void widen() const;
  ssize_t splice_first(std::size_t most);
  /// Makes what is to be written next lie in window_.
  Result<void> load();

  int fd_;
  int flags_before_;  // the open file may be shared with whoever started us
  std::deque<Blob> parts_;
  std::uint64_t loaded_of_first_ = 0;
  static constexpr std::size_t kWindowBytes = std::size_t{256} << 10;
  std::unique_ptr<char[]> window_;  // what one write takes, from however many parts
  std::size_t window_size_ = 0, window_sent_ = 0;
  std::uint64_t unsent_ = 0;
  bool splices_ = true;  // until the kernel says no
};

}  // namespace bailiff
