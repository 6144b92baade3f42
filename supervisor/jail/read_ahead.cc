#include "jail/read_ahead.h"

#include <fcntl.h>
#include <fts.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>

#include "base/file_io.h"
#include "base/unique_fd.h"

namespace bailiff {
namespace {

constexpr const char* kOption = "--read-ahead";

Result<void> read_file(const char* path, int nowhere) {
  // Not waiting for anybody: what was a file a moment ago may be a FIFO now.
  const UniqueFd file(::open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file && (errno == EACCES || errno == ENOENT || errno == ELOOP)) return {};
  if (!file) return errno_error(std::string("read ahead ") + path);
  // To /dev/null nothing is copied: sendfile(2) hands on the pages of the cache themselves.
  if (!copy_rest(nowhere, file.get(), std::numeric_limits<std::int64_t>::max()))
    return errno_error(std::string("read ahead ") + path);
  return {};
}

Result<void> read_below(const std::string& place, int nowhere) {
  std::string start = place;
  char* starts[] = {start.data(), nullptr};
  const std::unique_ptr<FTS, int (*)(FTS*)> walk(
      ::fts_open(starts, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_XDEV | FTS_NOCHDIR, nullptr), ::fts_close);
  if (!walk) return errno_error("read ahead " + place);
  for (;;) {
    errno = 0;
    const FTSENT* entry = ::fts_read(walk.get());
    if (entry == nullptr) break;
    switch (entry->fts_info) {
      case FTS_F:
        TRY(read_file(entry->fts_path, nowhere));
        break;
      case FTS_SLNONE:
      case FTS_NS:
      case FTS_DNR:
      case FTS_ERR:
        if (entry->fts_level == FTS_ROOTLEVEL) {
          const int error = entry->fts_info == FTS_SLNONE ? ENOENT : entry->fts_errno;
          return request_error(kOption, place + ": " + std::strerror(error));
        }
        if (entry->fts_errno == EACCES || entry->fts_errno == ENOENT) break;
        errno = entry->fts_errno;
        return errno_error(std::string("read ahead ") + entry->fts_path);
      default:
        break;
    }
  }
  if (errno != 0) return errno_error("read ahead " + place);
  return {};
}

}  // namespace

Result<void> read_ahead(const RootTree& tree, const std::vector<std::string>& paths) {
  const UniqueFd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!nowhere) return errno_error("open /dev/null");
  for (const std::string& path : paths) {
    if (!path.starts_with('/')) return request_error(kOption, "\"" + path + "\" is not an absolute path");
    if (path != "/") {
      TRY(read_below(tree.directory + path, nowhere.get()));
      continue;
    }
    for (const RootTree::Entry& entry : tree.entries) {
      if (entry.link_target.empty()) TRY(read_below(tree.directory + "/" + entry.path, nowhere.get()));
    }
  }
  return {};
}

}  // namespace bailiff
