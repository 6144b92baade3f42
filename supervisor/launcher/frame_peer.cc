#include "launcher/frame_peer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace bailiff {
namespace {

constexpr std::size_t kStderrTail = 4096;
constexpr std::size_t kReadBytes = std::size_t{256} << 10;
constexpr int kPipeBytes = 1 << 20;  // what every user may ask for (pipe(7))

// Docker's daemon hands on 32 KiB at a time. A reader that looks at once makes both of them wait for each other two
// thousand times for 64 MiB; a socket holds some six such pieces, which come in about this time.
constexpr std::uint64_t kLongBody = 256 << 10;
constexpr timespec kPause = {0, 200'000};

void make_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0) (void)::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

}  // namespace

Result<std::string_view> AttachDemultiplexer::keep_stdout(std::span<char> bytes) {
  char* const begin = bytes.data();
  char* end = begin;
  while (!bytes.empty() && !broken_) {
    if (left_ == 0) {
      const std::size_t part = std::min(bytes.size(), header_.size() - header_bytes_);
      std::copy_n(bytes.begin(), part, header_.begin() + static_cast<std::ptrdiff_t>(header_bytes_));
      header_bytes_ += part;
      bytes = bytes.subspan(part);
      if (header_bytes_ < header_.size()) break;
      header_bytes_ = 0;
      broken_ = header_[0] > 2 || header_[1] != 0 || header_[2] != 0 || header_[3] != 0;
      for (std::size_t i = 4; i < header_.size(); ++i) left_ = left_ << 8 | header_[i];
      continue;  // a length of 0 is allowed: the next header follows
    }
    const std::span<char> part = bytes.first(std::min<std::size_t>(left_, bytes.size()));
    left_ -= static_cast<std::uint32_t>(part.size());
    bytes = bytes.subspan(part.size());
    if (header_[0] != 2) {
      std::memmove(end, part.data(), part.size());
      end += part.size();
      continue;
    }
    const std::span<char> last = part.last(std::min(part.size(), kStderrTail));
    stderr_tail_.append(last.data(), last.size());
    if (stderr_tail_.size() > kStderrTail) stderr_tail_.erase(0, stderr_tail_.size() - kStderrTail);
  }
  if (broken_ && begin == end) return host_error("the attached stream has a header that is none");
  return std::string_view(begin, end);
}

FramePeer::FramePeer(UniqueFd in, UniqueFd out, bool multiplexed, std::string first)
    : in_(std::move(in)),
      out_(std::move(out)),
      multiplexed_(multiplexed),
      first_(std::move(first)),
      buffer_(kReadBytes, '\0') {
  make_nonblocking(in_.get());
  make_nonblocking(out_.get());
  (void)::fcntl(in_.get(), F_SETPIPE_SZ, kPipeBytes);  // fewer turns for long bodies; refused for sockets
  (void)::fcntl(out_.get(), F_SETPIPE_SZ, kPipeBytes);
  unread_ = first_;
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

/// The next frame, if the bytes so far hold one.
Result<bool> FramePeer::take_frame(ReceivedFrame& frame) {
  for (;;) {
    switch (TRY(reader_.next(part_))) {
      case FrameReader::Event::kUsedUp:
        if (!TRY(next_part())) return false;
        break;
      case FrameReader::Event::kHeader:
        TRY(begin_frame());
        break;
      case FrameReader::Event::kBody:
        TRY(body_->append(reader_.body_part()));
        break;
      case FrameReader::Event::kEnd:
        if (body_ != &coming_.body) break;
        frame = std::exchange(coming_, {});
        return true;
    }
  }
}

/// The header is there.
Result<void> FramePeer::begin_frame() {
  const std::uint64_t bytes = reader_.body_bytes();
  if (bytes > max_body_) {
    return host_error("a frame announces a body of " + std::to_string(bytes) + " bytes, more than the answer can have");
  }
  coming_ = {.header = reader_.take_header()};
  body_ = &coming_.body;
  if (bytes == 0 || early_of_ == 0) return {};
  const std::optional<OutputPlace> place = output_place(coming_.header);
  if (!place || place->run != early_of_) return {};
  body_ = place->is_stderr ? &early_.err : &early_.out;
  max_body_ -= bytes;
  return {};
}

/// False: what was read is used up.
Result<bool> FramePeer::next_part() {
  const std::span<char> bytes = std::exchange(unread_, {});
  part_ = multiplexed_ ? TRY(demultiplexer_.keep_stdout(bytes)) : std::string_view(bytes.data(), bytes.size());
  return !part_.empty();
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
  if (multiplexed_ && reader_.body_left() > kLongBody) (void)::nanosleep(&kPause, nullptr);
  const ssize_t got = ::read(in_.get(), buffer_.data(), buffer_.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (got < 0 && errno != ECONNRESET) return errno_error("read from the supervisor");
  if (got <= 0) {
    ended_ = true;
    return {};
  }
  unread_ = std::span(buffer_).first(static_cast<std::size_t>(got));
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
