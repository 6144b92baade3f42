#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "launcher/deadline.h"
#include "spec/frame.h"

namespace bailiff {

/// Takes apart what Docker's attach stream of a container without a terminal carries: 8 bytes of header
/// (stream 0 stdin, 1 stdout, 2 stderr; three zeros; length, big-endian), then as many bytes.
class AttachDemultiplexer {
 public:
  /// Appends what is stdout's to `out` and keeps the end of what is stderr's.
  /// Errors: kHost  a header that is none
  Result<void> feed(std::string_view bytes, std::string& out);
  [[nodiscard]] const std::string& stderr_tail() const { return stderr_tail_; }

 private:
  std::array<unsigned char, 8> header_ = {};
  std::size_t header_bytes_ = 0;
  std::uint32_t left_ = 0;
  std::string stderr_tail_;  // at most kStderrTail bytes
};

struct ReceivedFrame {
  std::string header = {};
  std::string body = {};
};

/// The launcher's end of `serve`: frames over a pair of descriptors, or over one attached stream. Reads while
/// it writes, so that two full pipes never wait for each other. One thread.
///
/// The other end is not trusted: what it announces is not reserved but taken as it comes, and time is the
/// deadline's alone.
class FramePeer {
 public:
  /// `in` is read, `out` written (they may be duplicates of one socket); `first` came before.
  FramePeer(UniqueFd in, UniqueFd out, bool multiplexed, std::string first);

  /// Queues one frame; receive() sends it.
  void send(std::string_view header, std::string body);
  /// The next frame. Errors: ETIMEDOUT the deadline, ECANCELED its cancel_fd, EPIPE the stream has ended;
  /// others: what came is no frame.
  Result<ReceivedFrame> receive(Deadline deadline);
  /// A longer body than this is an error. At first: what the protocol allows.
  void accept_body(std::uint64_t bytes) { max_body_ = bytes; }
  /// No more frames will be sent: the other end reads an end of file.
  void finish_sending();

  /// What it wrote last to standard error (attached streams only).
  [[nodiscard]] const std::string& stderr_tail() const { return demultiplexer_.stderr_tail(); }

 private:
  Result<bool> take_frame(ReceivedFrame& frame);
  Result<void> read_some();
  Result<void> write_some();
  Result<void> wait(Deadline deadline);

  UniqueFd in_, out_;
  bool multiplexed_;
  bool ended_ = false;
  std::uint64_t max_body_ = kMaxFrameBody;
  AttachDemultiplexer demultiplexer_;
  std::string raw_;        // stdout's bytes that are not yet in a frame
  std::size_t taken_ = 0;  // of raw_
  bool in_body_ = false;   // header of coming_ is checked
  FramePrefix prefix_ = {};
  ReceivedFrame coming_;
  std::deque<std::string> outgoing_;
  std::size_t written_ = 0;  // of outgoing_.front()
  std::string buffer_;
};

}  // namespace bailiff
