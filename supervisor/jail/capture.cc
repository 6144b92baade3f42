#include "jail/capture.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "spec/frame.h"

namespace bailiff {

Result<Capture> Capture::open(Bytes ceiling, uid_t owner, bool early) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return errno_error("pipe");
  Capture capture;
  capture.fd_ = UniqueFd(ends[0]);
  capture.write_end_ = UniqueFd(ends[1]);
  // The program may open its own output again by name, /dev/stdout; it is not root.
  if (::fchown(ends[1], owner, owner) < 0) return errno_error("chown pipe");
  // Only our end: the program's must block, as programs expect.
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) return errno_error("make pipe non-blocking");
  capture.expect(ceiling, early);
  nettle_sha256_init(&capture.hash_);
  return capture;
}

void Capture::expect(Bytes ceiling, bool early) {
  ceiling_ = ceiling.count;
  sends_early_ = early;
}

Result<bool> Capture::drain(std::size_t most) {
  static std::array<char, 65536> buffer;
  while (!over_ceiling() && most > 0) {
    const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    if (got < 0) return errno_error("read output");
    const auto size = static_cast<std::size_t>(got);
    most -= std::min(most, size);
    nettle_sha256_update(&hash_, size, reinterpret_cast<const std::uint8_t*>(buffer.data()));
    bytes_ += size;
    if (size == buffer.size()) expect_much();
    const std::uint64_t room = ceiling_ - std::min(ceiling_, bytes_ - size);
    const std::string_view kept(buffer.data(), std::min<std::uint64_t>(size, room));
    if (sends_early_) crc_ = crc32c(crc_, kept);
    TRY(kept_.append(kept));
  }
  return false;
}

std::optional<EarlyOutput> Capture::take_early(bool last) {
  if (!sends_early_ || kept_.size() < kMuch || kept_.size() > kMaxFrameBody) return std::nullopt;
  early_ += kept_.size();
  EarlyOutput taken{std::exchange(kept_, {}), std::exchange(crc_, 0)};
  if (!last) (void)kept_.expect_many();  // append() will say why not
  return taken;
}

/// A full buffer in one read: the program writes faster than a pipe of 64 KiB lets it. Gives it a larger one.
void Capture::expect_much() {
  if (expects_much_) return;
  expects_much_ = true;
  (void)::fcntl(fd_.get(), F_SETPIPE_SZ, 1 << 20);  // fs.pipe-max-size may forbid it: then it is as before
}

Result<Stream> Capture::finish() {
  if (!empty_) TRY(drain(std::numeric_limits<std::size_t>::max()));
  Stream stream;
  stream.bytes = bytes_;
  stream.truncated = over_ceiling();
  stream.kept = std::move(kept_);
  stream.early = early_;
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest;
  nettle_sha256_digest(&hash_, digest.size(), digest.data());
  stream.sha256.clear();
  constexpr char kHex[] = "0123456789abcdef";
  for (const std::uint8_t byte : digest) {
    stream.sha256.push_back(kHex[byte >> 4]);
    stream.sha256.push_back(kHex[byte & 15]);
  }
  return stream;
}

}  // namespace bailiff
