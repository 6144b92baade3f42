#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/blob.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "launcher/deadline.h"
#include "spec/frame_reader.h"
#include "spec/serve_peer.h"

namespace bailiff {

/// Takes apart what Docker's attach stream of a container without a terminal carries: 8 bytes of header
/// (stream 0 stdin, 1 stdout, 2 stderr; three zeros; length, big-endian), then as many bytes.
class AttachDemultiplexer {
 public:
  /// Moves what of `bytes` is stdout's together at their front, and gives that. Keeps the end of what is stderr's.
  /// Errors: kHost  a header that is none; what came before it is given first, and the error with the next call
  Result<std::string_view> keep_stdout(std::span<char> bytes);
  [[nodiscard]] const std::string& stderr_tail() const { return stderr_tail_; }

 private:
  std::array<unsigned char, 8> header_ = {};
  std::size_t header_bytes_ = 0;
  std::uint32_t left_ = 0;
  bool broken_ = false;
  std::string stderr_tail_;  // at most kStderrTail bytes
};

struct ReceivedFrame {
  std::string header = {};
  Blob body = {};
};

/// The launcher's end of `serve`: frames over a pair of descriptors, or over one attached stream. Reads while
/// it writes, so that two full pipes never wait for each other. One thread.
///
/// The other end is not trusted: what it announces is not reserved but taken as it comes, and time is the
/// deadline's alone. Long bodies go to files of their own (output_file.h), not to our memory.
class FramePeer {
 public:
  /// `in` is read, `out` written (they may be duplicates of one socket); `first` came before.
  FramePeer(UniqueFd in, UniqueFd out, bool multiplexed, std::string first);
  FramePeer(const FramePeer&) = delete;
  FramePeer& operator=(const FramePeer&) = delete;

  /// Queues one frame; receive() sends it.
  void send(std::string_view header, std::string body);
  /// The next frame. Errors: ETIMEDOUT the deadline, ECANCELED its cancel_fd, EPIPE the stream has ended;
  /// others: what came is no frame.
  Result<ReceivedFrame> receive(Deadline deadline);
  /// A longer body than this is an error, and so are more bytes than that of early output. At first: what the
  /// protocol allows.
  void accept_body(std::uint64_t bytes) { max_body_ = bytes; }
  /// Early output of this run is gathered, its frames are not given by receive(). 0: of none.
  void gather_output_of(std::uint64_t run) {
    early_ = {};
    early_of_ = run;
  }
  [[nodiscard]] EarlyStreams take_early() { return std::exchange(early_, {}); }
  /// No more frames will be sent: the other end reads an end of file.
  void finish_sending();

  /// What it wrote last to standard error (attached streams only).
  [[nodiscard]] const std::string& stderr_tail() const { return demultiplexer_.stderr_tail(); }

 private:
  Result<bool> take_frame(ReceivedFrame& frame);
  Result<void> begin_frame();
  Result<bool> next_part();
  Result<void> read_some();
  Result<void> write_some();
  Result<void> wait(Deadline deadline);

  UniqueFd in_, out_;
  bool multiplexed_;
  bool ended_ = false;
  std::uint64_t max_body_ = kMaxFrameBody;
  AttachDemultiplexer demultiplexer_;
  std::span<char> unread_;  // buffer_ or first_, until next_part() has looked at it
  std::string_view part_;   // what of it is in no frame yet
  FrameReader reader_;
  ReceivedFrame coming_;
  Blob* body_ = nullptr;  // of coming_ or early_
  EarlyStreams early_;
  std::uint64_t early_of_ = 0;
  std::deque<std::string> outgoing_;
  std::size_t written_ = 0;  // of outgoing_.front()
  std::string first_, buffer_;
};

}  // namespace bailiff
