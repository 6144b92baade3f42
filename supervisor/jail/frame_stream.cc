#include "jail/frame_stream.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "base/file_io.h"

namespace bailiff {
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
    if (state_ != State::kPrefix || !collected_.empty())
      return request_error("frame", "the input ends within a frame");
  }
  have_ = static_cast<std::size_t>(got);
  taken_ = 0;
  return {};
}

Result<std::optional<FrameInput::Frame>> FrameInput::next() {
  while (has_more()) {
    switch (state_) {
      case State::kPrefix:
        if (!collect(kFramePrefixBytes)) break;
        prefix_ = TRY(parse_frame_prefix(std::span<const std::byte, kFramePrefixBytes>(
            reinterpret_cast<const std::byte*>(collected_.data()), kFramePrefixBytes)));
        collected_.clear();
        state_ = State::kHeader;
        [[fallthrough]];
      case State::kHeader:
        if (!collect(prefix_.header_bytes)) break;
        TRY(check_frame_header(prefix_, collected_));
        frame_ = Frame{std::exchange(collected_, {}), {}, prefix_.body_bytes};
        if (prefix_.body_bytes == 0) return finish();
        frame_.body = TRY(make_spool());
        body_left_ = prefix_.body_bytes;
        body_crc_ = 0;
        state_ = State::kBody;
        break;
      case State::kBody: {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, have_ - taken_));
        const std::span<const char> bytes(buffer_.data() + taken_, size);
        body_crc_ = crc32c(body_crc_, std::as_bytes(bytes));
        TRY(write_all(frame_.body.get(), {bytes.data(), bytes.size()}));
        taken_ += size;
        body_left_ -= size;
        if (body_left_ == 0) state_ = State::kTrailer;
        break;
      }
      case State::kTrailer: {
        if (!collect(kFrameTrailerBytes)) break;
        const std::array<char, kFrameTrailerBytes> expected = frame_trailer(body_crc_);
        if (std::memcmp(collected_.data(), expected.data(), expected.size()) != 0) {
          return request_error("frame", "the checksum does not fit the body");
        }
        collected_.clear();
        return finish();
      }
    }
  }
  return std::optional<Frame>();
}

bool FrameInput::collect(std::size_t size) {
  const std::size_t more = std::min(size - collected_.size(), have_ - taken_);
  collected_.append(buffer_.data() + taken_, more);
  taken_ += more;
  return collected_.size() == size;
}

std::optional<FrameInput::Frame> FrameInput::finish() {
  state_ = State::kPrefix;
  return std::exchange(frame_, {});
}

FrameOutput::FrameOutput(int fd) : fd_(fd), flags_before_(::fcntl(fd, F_GETFL)) {
  ::fcntl(fd, F_SETFL, flags_before_ | O_NONBLOCK);
}

FrameOutput::~FrameOutput() { ::fcntl(fd_, F_SETFL, flags_before_); }

void FrameOutput::add(std::string_view header, std::vector<std::string> body) {
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  for (const std::string& part : body) {
    size += part.size();
    crc = crc32c(crc, part);
  }
  push(frame_head(header, size));
  if (size == 0) return;
  for (std::string& part : body) {
    if (!part.empty()) push(std::move(part));
  }
  const std::array<char, kFrameTrailerBytes> trailer = frame_trailer(crc);
  push(std::string(trailer.data(), trailer.size()));
}

Result<void> FrameOutput::flush() {
  while (!parts_.empty()) {
    std::array<iovec, 64> iov;
    std::size_t count = 0;
    for (const std::string& part : parts_) {
      if (count == iov.size()) break;
      const std::size_t skip = count == 0 ? sent_of_first_ : 0;
      iov[count++] = {const_cast<char*>(part.data()) + skip, part.size() - skip};
    }
    const ssize_t wrote = ::writev(fd_, iov.data(), static_cast<int>(count));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EAGAIN) return {};
    if (wrote < 0) return errno_error("write frames");
    unsent_ -= static_cast<std::uint64_t>(wrote);
    sent_of_first_ += static_cast<std::size_t>(wrote);
    while (!parts_.empty() && sent_of_first_ >= parts_.front().size()) {
      sent_of_first_ -= parts_.front().size();
      parts_.pop_front();
    }
  }
  return {};
}

void FrameOutput::push(std::string part) {
  unsent_ += part.size();
  parts_.push_back(std::move(part));
}

}  // namespace bailiff
