#include "jail/frame_stream.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/file_io.h"

namespace bailiff {
namespace {

constexpr std::uint64_t kPipeBytes = 65536;  // what a pipe holds unless told otherwise (pipe(7))

}  // namespace

Result<UniqueFd> make_spool() {
  UniqueFd fd(::memfd_create("bailiff-spool", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return errno_error("memfd_create spool");
  return fd;
}

Result<void> FrameInput::fill() {
  if (has_more()) return {};
  const ssize_t got = ::read(fd_, buffer_.data(), buffer_.size());
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  if (got < 0) return errno_error("read frames");
  if (got == 0) {
    at_end_ = true;
    if (reader_.within()) return request_error("frame", "the input ends within a frame");
  }
  unread_ = std::string_view(buffer_.data(), static_cast<std::size_t>(got));
  return {};
}

Result<std::optional<FrameInput::Frame>> FrameInput::next() {
  for (;;) {
    switch (TRY(reader_.next(unread_))) {
      case FrameReader::Event::kUsedUp:
        return std::optional<Frame>();
      case FrameReader::Event::kHeader:
        frame_ = Frame{reader_.take_header(), {}, reader_.body_bytes()};
        if (frame_.body_bytes > 0) frame_.body = TRY(make_spool());
        break;
      case FrameReader::Event::kBody:
        TRY(write_all(frame_.body.get(), reader_.body_part()));
        break;
      case FrameReader::Event::kEnd:
        return std::optional(std::exchange(frame_, {}));
    }
  }
}

FrameOutput::FrameOutput(int fd)
    : fd_(fd), flags_before_(::fcntl(fd, F_GETFL)), window_(new char[kWindowBytes]) {
  ::fcntl(fd_, F_SETFL, flags_before_ | O_NONBLOCK);
}

FrameOutput::~FrameOutput() { ::fcntl(fd_, F_SETFL, flags_before_); }

void FrameOutput::add(std::string_view header) { push(frame_head(header, 0)); }

Result<void> FrameOutput::add(std::string_view header, const std::vector<Blob>& body) {
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  for (const Blob& part : body) {
    TRY(part.each([&crc](std::string_view piece) { crc = crc32c(crc, piece); }));
    size += part.size();
  }
  push(frame_head(header, size));
  if (size == 0) return {};
  if (size > kPipeBytes) widen();
  for (const Blob& part : body) {
    if (part.size() > 0) push(part);
  }
  const std::array<char, kFrameTrailerBytes> trailer = frame_trailer(crc);
  push(std::string(trailer.data(), trailer.size()));
  return {};
}

void FrameOutput::add(std::string_view header, Blob body, std::uint32_t crc) {
  if (body.size() > kPipeBytes) widen();
  push(frame_head(header, body.size()));
  push(std::move(body));
  const std::array<char, kFrameTrailerBytes> trailer = frame_trailer(crc);
  push(std::string(trailer.data(), trailer.size()));
}

/// A pipe of 64 KiB has us and its reader wait for each other a thousand times for 64 MiB. What is no pipe, or not to
/// be larger (fs.pipe-max-size), stays as it is.
void FrameOutput::widen() const {
  constexpr int kWide = 1 << 20;
  if (::fcntl(fd_, F_GETPIPE_SZ) < kWide) (void)::fcntl(fd_, F_SETPIPE_SZ, kWide);
}

Result<void> FrameOutput::flush() {
  constexpr std::size_t kAtOnce = std::size_t{1} << 20;
  for (std::size_t sent = 0; sent < kAtOnce;) {
    const bool by_page = window_sent_ == window_size_ && splices_ && !parts_.empty() && parts_.front().spool_fd() >= 0;
    if (!by_page && window_sent_ == window_size_) TRY(load());
    if (!by_page && window_size_ == 0) return {};
    const ssize_t wrote =
        by_page ? splice_first(kAtOnce - sent)
                : ::write(fd_, window_.get() + window_sent_, window_size_ - window_sent_);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EAGAIN) return {};
    if (wrote < 0 && by_page && (errno == EINVAL || errno == ENOSYS)) {  // no pipe, or gVisor
      splices_ = false;
      continue;
    }
    if (wrote < 0) return errno_error("write frames");
    if (wrote == 0) return internal_error("a body ends early");
    unsent_ -= static_cast<std::uint64_t>(wrote);
    if (!by_page) window_sent_ += static_cast<std::size_t>(wrote);
    sent += static_cast<std::size_t>(wrote);
  }
  return {};
}

/// Gives the pipe the pages of a body in a file, which nobody changes any more: nothing is copied.
ssize_t FrameOutput::splice_first(std::size_t most) {
  const Blob& first = parts_.front();
  auto at = static_cast<loff_t>(first.spool_begin() + loaded_of_first_);
  const std::size_t size = std::min<std::uint64_t>(most, first.size() - loaded_of_first_);
  const ssize_t moved = ::splice(first.spool_fd(), &at, fd_, nullptr, size, SPLICE_F_NONBLOCK);
  if (moved <= 0) return moved;
  loaded_of_first_ += static_cast<std::uint64_t>(moved);
  if (loaded_of_first_ == first.size()) {
    parts_.pop_front();
    loaded_of_first_ = 0;
  }
  return moved;
}

Result<void> FrameOutput::load() {
  window_sent_ = window_size_ = 0;
  while (!parts_.empty() && window_size_ < kWindowBytes) {
    const Blob& first = parts_.front();
    const std::span<char> room(window_.get() + window_size_, kWindowBytes - window_size_);
    const std::size_t got = TRY(first.read(loaded_of_first_, room));
    window_size_ += got;
    loaded_of_first_ += got;
    if (loaded_of_first_ < first.size()) {
      if (got == 0) return internal_error("a body ends early");
      continue;
    }
    parts_.pop_front();
    loaded_of_first_ = 0;
  }
  return {};
}

void FrameOutput::push(Blob part) {
  unsent_ += part.size();
  parts_.push_back(std::move(part));
}

}  // namespace bailiff
