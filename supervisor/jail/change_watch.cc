#include "jail/change_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace bailiff {
namespace {

constexpr std::uint32_t kChanges = IN_CREATE | IN_DELETE | IN_MODIFY | IN_ATTRIB | IN_MOVE | IN_CLOSE_WRITE |
                                   IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

/// Watches the directory `name` below `parent` and all below it. The box is still untouched: no link is
/// followed that was not ours.
Result<void> watch_tree(int inotify, int parent, const char* name) {
  UniqueFd directory(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return errno_error(std::string("open ") + name);
  // By descriptor: the directory has no path in our mount namespace.
  if (::inotify_add_watch(inotify, ("/proc/self/fd/" + std::to_string(directory.get())).c_str(), kChanges) <
      0) {
    return errno_error(std::string("inotify_add_watch ") + name);
  }
  DIR* dir = ::fdopendir(directory.get());
  if (dir == nullptr) return errno_error(std::string("read ") + name);
  const int fd = directory.release();
  Result<void> done;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view entry_name = entry->d_name;
    if (entry->d_type != DT_DIR || entry_name == "." || entry_name == "..") continue;
    done = watch_tree(inotify, fd, entry->d_name);
    if (!done) break;
  }
  ::closedir(dir);
  return done;
}

}  // namespace

Result<ChangeWatch> ChangeWatch::begin(int scratch) {
  ChangeWatch watch;
  watch.fd_ = UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!watch.fd_) return errno_error("inotify_init");
  for (const char* place : {"box", "tmp", "shm"}) TRY(watch_tree(watch.fd_.get(), scratch, place));
  watch.changed_ = false;
  return watch;
}

bool ChangeWatch::changed() {
  if (changed_) return true;
  alignas(inotify_event) char events[sizeof(inotify_event) + 256];
  const ssize_t got = ::read(fd_.get(), events, sizeof events);
  changed_ = !(got < 0 && errno == EAGAIN);
  return changed_;
}

}  // namespace bailiff
