#include "launcher/frame_peer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

namespace bailiff {
namespace {

constexpr std::size_t kStderrTail = 4096;
constexpr std::size_t kReadBytes = std::size_t{256} << 10;
constexpr int kPipeBytes = 1 << 20;  // what every user may ask for (pipe(7))

void make_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0) (void)::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

}  // namespace

Result<void> AttachDemultiplexer::feed(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    if (left_ == 0) {
      const std::size_t part = std::min(bytes.size(), header_.size() - header_bytes_);
      std::copy_n(bytes.begin(), part, header_.begin() + static_cast<std::ptrdiff_t>(header_bytes_));
      header_bytes_ += part;
      bytes.remove_prefix(part);
      if (header_bytes_ < header_.size()) return {};
      header_bytes_ = 0;
      if (header_[0] > 2 || header_[1] != 0 || header_[2] != 0 || header_[3] != 0) {
        return host_error("the attached stream has a header that is none");
      }
      for (std::size_t i = 4; i < header_.size(); ++i) left_ = left_ << 8 | header_[i];
      continue;  // a length of 0 is allowed: the next header follows
    }
    const std::string_view part = bytes.substr(0, left_);
    if (header_[0] == 2) {
      stderr_tail_ += part.substr(part.size() - std::min(part.size(), kStderrTail));
      if (stderr_tail_.size() > kStderrTail) stderr_tail_.erase(0, stderr_tail_.size() - kStderrTail);
    } else {
      out += part;
    }
    left_ -= static_cast<std::uint32_t>(part.size());
    bytes.remove_prefix(part.size());
  }
  return {};
}

FramePeer::FramePeer(UniqueFd in, UniqueFd out, bool multiplexed, std::string first)
    : in_(std::move(in)), out_(std::move(out)), multiplexed_(multiplexed), buffer_(kReadBytes, '\0') {
  make_nonblocking(in_.get());
  make_nonblocking(out_.get());
  (void)::fcntl(in_.get(), F_SETPIPE_SZ, kPipeBytes);  // fewer turns for long bodies; refused for sockets
  (void)::fcntl(out_.get(), F_SETPIPE_SZ, kPipeBytes);
  if (!multiplexed_) {
    raw_ = std::move(first);
  } else if (const Result<void> fed = demultiplexer_.feed(first, raw_); !fed) {
    raw_ = first;  // no frame either: receive() will say so
  }
}

void FramePeer::send(std::string_view header, std::string body) {
  outgoing_.push_back(frame_head(header, body.size()));
  if (body.empty()) return;
  const auto trailer = frame_trailer(crc32c(0, body));
  outgoing_.push_back(std::move(body));
  outgoing_.emplace_back(trailer.data(), trailer.size());
}

Result<ReceivedFrame> FramePeer::receive(Deadline deadline) {
  for (;;) {
    ReceivedFrame frame;
    if (TRY(take_frame(frame))) return frame;
    if (ended_) return Error{Fault::kHost, EPIPE, "the stream ended", {}};
    TRY(wait(deadline));
  }
}

void FramePeer::finish_sending() {
  (void)::shutdown(out_.get(), SHUT_WR);  // a pipe: the close below
  out_.reset();
}

/// Moves what is there into `frame`; false: more has to come.
Result<bool> FramePeer::take_frame(ReceivedFrame& frame) {
  const auto have = [&] { return raw_.size() - taken_; };
  if (!in_body_) {
    if (have() < kFramePrefixBytes) return false;
    const auto* bytes = reinterpret_cast<const std::byte*>(raw_.data() + taken_);
    prefix_ =
        TRY(parse_frame_prefix(std::span<const std::byte, kFramePrefixBytes>(bytes, kFramePrefixBytes)));
    if (prefix_.body_bytes > max_body_) {
      return host_error("a frame announces a body of " + std::to_string(prefix_.body_bytes) +
                        " bytes, more than the answer can have");
    }
    if (have() < kFramePrefixBytes + prefix_.header_bytes) return false;
    coming_.header = raw_.substr(taken_ + kFramePrefixBytes, prefix_.header_bytes);
    TRY(check_frame_header(prefix_, coming_.header));
    taken_ += kFramePrefixBytes + prefix_.header_bytes;
    coming_.body.reserve(prefix_.body_bytes);  // at most max_body_; growing would copy it again and again
    in_body_ = true;
  }
  const std::size_t part = std::min<std::uint64_t>(have(), prefix_.body_bytes - coming_.body.size());
  coming_.body.append(raw_, taken_, part);
  taken_ += part;
  if (taken_ == raw_.size()) {
    raw_.clear();
    taken_ = 0;
  }
  if (coming_.body.size() < prefix_.body_bytes) return false;
  if (prefix_.body_bytes > 0) {
    if (have() < kFrameTrailerBytes) return false;
    const auto expected = frame_trailer(crc32c(0, coming_.body));
    if (std::memcmp(raw_.data() + taken_, expected.data(), expected.size()) != 0) {
      return host_error("a frame's body has a wrong checksum");
    }
    taken_ += kFrameTrailerBytes;
  }
  raw_.erase(0, taken_);
  taken_ = 0;
  in_body_ = false;
  frame = std::exchange(coming_, {});
  return true;
}

Result<void> FramePeer::wait(Deadline deadline) {
  pollfd fds[] = {{in_.get(), POLLIN, 0},
                  {outgoing_.empty() ? -1 : out_.get(), POLLOUT, 0},
                  {deadline.cancel_fd, POLLIN, 0}};
  const int ready = ::poll(fds, 3, deadline.left_ms());
  if (ready < 0 && errno == EINTR) return {};
  if (ready < 0) return errno_error("poll");
  if ((fds[2].revents) != 0) return Error{Fault::kHost, ECANCELED, "waiting for the supervisor", {}};
  if (deadline.left() == Nanos{0}) return Error{Fault::kHost, ETIMEDOUT, "waiting for the supervisor", {}};
  if (fds[1].revents != 0) TRY(write_some());
  if (fds[0].revents != 0) TRY(read_some());
  return {};
}

Result<void> FramePeer::read_some() {
  const ssize_t got = ::read(in_.get(), buffer_.data(), buffer_.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (got < 0 && errno != ECONNRESET) return errno_error("read from the supervisor");
  if (got <= 0) {
    ended_ = true;
    return {};
  }
  const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
  if (multiplexed_) return demultiplexer_.feed(bytes, raw_);
  raw_ += bytes;
  return {};
}

Result<void> FramePeer::write_some() {
  while (!outgoing_.empty()) {
    const std::string& piece = outgoing_.front();
    ssize_t wrote = ::send(out_.get(), piece.data() + written_, piece.size() - written_, MSG_NOSIGNAL);
    if (wrote < 0 && errno == ENOTSOCK) {
      wrote = ::write(out_.get(), piece.data() + written_, piece.size() - written_);
    }
    if (wrote < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (wrote < 0 && (errno == EPIPE || errno == ECONNRESET)) {
      outgoing_.clear();  // nobody reads; what it said before is still to be read
      written_ = 0;
      return {};
    }
    if (wrote < 0) return errno_error("write to the supervisor");
    written_ += static_cast<std::size_t>(wrote);
    if (written_ < piece.size()) return {};
    written_ = 0;
    outgoing_.pop_front();
  }
  return {};
}

}  // namespace bailiff
