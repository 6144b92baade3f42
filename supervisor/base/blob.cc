#include "base/blob.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/file_io.h"

namespace bailiff {

Result<void> Blob::append(std::string_view bytes) {
  if (!spool_ && bytes_.size() + bytes.size() <= kInMemory) {
    bytes_.append(bytes);
    return {};
  }
  TRY(spill());
  TRY(write_all(spool_->get(), bytes));
  spooled_ += bytes.size();
  return {};
}

Result<void> Blob::append_file(int fd, std::uint64_t most) {
  TRY(spill());
  spooled_ += TRY(copy_rest(spool_->get(), fd, most));
  return {};
}

Result<void> Blob::spill() {
  if (spool_) return {};
  UniqueFd fd(::memfd_create("bailiff-output", MFD_CLOEXEC));
  if (!fd) return errno_error("memfd_create output");
  TRY(write_all(fd.get(), bytes_));
  spooled_ = bytes_.size();
  spool_ = std::make_shared<const UniqueFd>(std::move(fd));
  bytes_ = std::string();
  return {};
}

Result<std::size_t> Blob::read(std::uint64_t offset, std::span<char> room) const {
  if (!spool_) {
    if (offset >= bytes_.size()) return std::size_t{0};
    const std::size_t size = std::min<std::size_t>(room.size(), bytes_.size() - offset);
    bytes_.copy(room.data(), size, offset);
    return size;
  }
  for (;;) {
    const ssize_t got = ::pread(spool_->get(), room.data(), room.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read output");
    return static_cast<std::size_t>(got);
  }
}

Result<void> Blob::each(const std::function<void(std::string_view)>& take) const {
  if (!spool_) {
    take(bytes_);
    return {};
  }
  constexpr std::uint64_t kWindow = 256 << 10;  // what is mapped counts as our resident memory
  for (std::uint64_t at = 0; at < spooled_; at += kWindow) {
    const std::size_t size = std::min(kWindow, spooled_ - at);
    void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, spool_->get(), static_cast<off_t>(at));
    if (mapped == MAP_FAILED) return errno_error("map output");
    take({static_cast<const char*>(mapped), size});
    ::munmap(mapped, size);
  }
  return {};
}

std::string_view Blob::view(std::string& room) const {
  if (!spool_) return bytes_;
  room.resize(spooled_);
  for (std::size_t at = 0; at < room.size();) {
    const Result<std::size_t> got = read(at, std::span<char>(room).subspan(at));
    if (!got || *got == 0) std::abort();
    at += *got;
  }
  return room;
}

std::string Blob::text() const {
  std::string room;
  return std::string(view(room));
}

}  // namespace bailiff
