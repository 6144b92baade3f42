#include "base/file_io.h"

#include <sched.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace bailiff {
namespace {

/// For what sendfile refuses: files of /proc before Linux 6.5, among others.
ssize_t copy_some(int to, int from, std::size_t most) {
  static std::array<char, 65536> buffer;
  const ssize_t got = ::read(from, buffer.data(), std::min(most, buffer.size()));
  if (got <= 0) return got;
  const Result<void> written = write_all(to, {buffer.data(), static_cast<std::size_t>(got)});
  if (!written) errno = written.error().code;
  return written ? got : -1;
}

}  // namespace

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return errno_error("write");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<std::uint64_t> copy_rest(int to, int from, std::uint64_t most) {
  constexpr std::uint64_t kAtOnce = 0x7ffff000;  // sendfile(2)
  std::uint64_t copied = 0;
  bool by_sendfile = true;
  for (;;) {
    // One byte more than may be: that it is there is an error, that the file ends with the ceiling is not.
    const auto size = static_cast<std::size_t>(std::min(kAtOnce, most - copied + 1));
    const ssize_t moved = by_sendfile ? ::sendfile(to, from, nullptr, size) : copy_some(to, from, size);
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0 && by_sendfile && (errno == EINVAL || errno == ENOSYS)) {
      by_sendfile = false;
      continue;
    }
    if (moved < 0) return errno_error("copy");
    if (moved == 0) return copied;
    copied += static_cast<std::uint64_t>(moved);
    if (copied > most) {
      errno = EFBIG;
      return errno_error("copy");
    }
  }
}

unsigned usable_cpus() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) < 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

}  // namespace bailiff
