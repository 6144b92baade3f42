#include "base/blob.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/file_io.h"
#include "base/output_file.h"

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

Result<void> Blob::append_all(const Blob& other) {
  if (!other.spool_) return append(other.bytes_);
  TRY(spill());
  Result<void> appended;
  TRY(other.each([&](std::string_view piece) {
    if (appended) appended = append(piece);
  }));
  return appended;
}

Result<Blob> Blob::part(std::uint64_t offset, std::uint64_t size) const {
  if (offset > this->size() || size > this->size() - offset) return internal_error("a part outside of an output");
  if (!spool_) return Blob(bytes_.substr(offset, size));
  Blob part;
  if (size > kInMemory) {
    part.spool_ = spool_;
    part.begin_ = begin_ + offset;
    part.is_part_ = true;
    part.spooled_ = size;
    return part;
  }
  part.bytes_.resize(size);
  for (std::size_t at = 0; at < size;) {
    const std::size_t got = TRY(read(offset + at, std::span<char>(part.bytes_).subspan(at)));
    if (got == 0) return internal_error("an output ends early");
    at += got;
  }
  return part;
}

Result<void> Blob::append_file(int fd, std::uint64_t most) {
  TRY(spill());
  spooled_ += TRY(copy_rest(spool_->get(), fd, most));
  return {};
}

Result<void> Blob::spill() {
  if (spool_ && spool_.use_count() == 1 && !is_part_) return {};
  UniqueFd fd = TRY(make_output_file());
  Result<void> copied;
  TRY(each([&](std::string_view piece) {
    if (copied) copied = write_all(fd.get(), piece);
  }));
  TRY(std::move(copied));
  spooled_ = size();
  begin_ = 0;
  is_part_ = false;
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
  if (offset >= spooled_) return std::size_t{0};
  const std::size_t size = std::min<std::uint64_t>(room.size(), spooled_ - offset);
  for (;;) {
    const ssize_t got = ::pread(spool_->get(), room.data(), size, static_cast<off_t>(begin_ + offset));
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
  const std::uint64_t page = static_cast<std::uint64_t>(::getpagesize()), end = begin_ + spooled_;
  for (std::uint64_t at = begin_; at < end;) {
    const std::uint64_t from = at / page * page, to = std::min(end, from + kWindow);
    void* mapped =
        ::mmap(nullptr, to - from, PROT_READ, MAP_SHARED | MAP_POPULATE, spool_->get(), static_cast<off_t>(from));
    if (mapped == MAP_FAILED) return errno_error("map output");
    take({static_cast<const char*>(mapped) + (at - from), to - at});
    ::munmap(mapped, to - from);
    at = to;
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
