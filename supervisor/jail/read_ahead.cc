#include "jail/read_ahead.h"

#include <fcntl.h>
#include <fts.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <limits>
#include <memory>

#include "base/file_io.h"
#include "base/unique_fd.h"

namespace bailiff {
namespace {

constexpr const char* kOption = "--read-ahead";

/// Of a tree that changes while it is read, or has what is not for us: not readable, leased to somebody who
/// writes (fcntl(2), F_SETLEASE), or deeper than a path can say.
bool is_no_matter(int error) {
  static constexpr int kNone[] = {EACCES, EAGAIN, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR};
  return std::ranges::find(kNone, error) != std::end(kNone);
}

/// Where `path` of the box lies, once it is clear that the box shows it.
Result<std::string> find_place(const RootTree& tree, const std::string& path) {
  if (!path.starts_with('/') || std::filesystem::path(path).lexically_normal() != path)
    return request_error(kOption, "\"" + path + "\" is not an absolute path without . and ..");
  const std::string inside = path.substr(1);
  const auto shows = [&](const RootTree::Entry& entry) {
    return inside == entry.path || inside.starts_with(entry.path + "/");
  };
  if (std::none_of(tree.entries.begin(), tree.entries.end(), shows))
    return request_error(kOption, path + " is not in the root tree of a box");
  const std::string top = tree.directory == "/" ? "" : tree.directory;
  for (std::size_t slash = 0; slash != std::string::npos;) {
    slash = path.find('/', slash + 1);
    const std::string part = path.substr(0, slash);
    struct stat status = {};
    if (::lstat((top + part).c_str(), &status) < 0)
      return request_error(kOption, top + part + ": " + std::strerror(errno));
    if (S_ISLNK(status.st_mode))
      return request_error(kOption, top + part + " is a symbolic link: name what it leads to");
    if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode))
      return request_error(kOption, top + part + " is no file and no directory");
  }
  return top + path;
}

Result<void> read_file(const std::string& path, int nowhere, bool is_named) {
  // Not waiting for anybody: what was a file a moment ago may be a FIFO now.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file && is_named) return request_error(kOption, path + ": " + std::strerror(errno));
  if (!file && is_no_matter(errno)) return {};
  struct stat status = {};
  if (!file || ::fstat(file.get(), &status) < 0) return errno_error("read ahead " + path);
  if (!S_ISREG(status.st_mode)) return {};
  // To /dev/null nothing is copied: sendfile(2) hands on the pages of the cache themselves.
  const Result<std::uint64_t> copied =
      copy_rest(nowhere, file.get(), std::numeric_limits<std::int64_t>::max());
  if (copied) return {};
  errno = copied.error().code;
  return errno_error("read ahead " + path);
}

/// `is_named`: by the caller, who is told when it cannot be read.
Result<void> read_below(const std::string& place, int nowhere, bool is_named) {
  std::string start = place;
  char* starts[] = {start.data(), nullptr};
  const std::unique_ptr<FTS, int (*)(FTS*)> walk(
      ::fts_open(starts, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, nullptr), ::fts_close);
  if (!walk) return errno_error("read ahead " + place);
  for (;;) {
    errno = 0;
    const FTSENT* entry = ::fts_read(walk.get());
    if (entry == nullptr) break;
    const bool named = is_named && entry->fts_level == FTS_ROOTLEVEL;
    switch (entry->fts_info) {
      case FTS_F:
        TRY(read_file(entry->fts_path, nowhere, named));
        break;
      case FTS_NS:
      case FTS_DNR:
      case FTS_ERR:
        if (named) return request_error(kOption, place + ": " + std::strerror(entry->fts_errno));
        if (is_no_matter(entry->fts_errno)) break;
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
    if (path != "/") {
      const std::string place = TRY(find_place(tree, path));
      TRY(read_below(place, nowhere.get(), /*is_named=*/true));
      continue;
    }
    for (const RootTree::Entry& entry : tree.entries) {
      if (!entry.link_target.empty()) continue;
      TRY(read_below(tree.directory + "/" + entry.path, nowhere.get(), /*is_named=*/false));
    }
  }
  return {};
}

}  // namespace bailiff
