#include "jail/change_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/unique_fd.h"

namespace bailiff {
namespace {

constexpr std::uint32_t kChanges = IN_CREATE | IN_DELETE | IN_MODIFY | IN_ATTRIB | IN_MOVE | IN_CLOSE_WRITE |
                                   IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

/// The process' one inotify descriptor and what it has said so far.
class Hub {
 public:
  Result<int> add(const std::string& path) {
    if (!fd_) fd_ = UniqueFd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd_) return errno_error("inotify_init");
    const int watch = ::inotify_add_watch(fd_.get(), path.c_str(), kChanges);
    if (watch < 0) return errno_error("inotify_add_watch " + path);
    changed_[watch] = false;
    return watch;
  }

  void remove(int watch) {
    if (changed_.erase(watch) > 0) ::inotify_rm_watch(fd_.get(), watch);
  }

  bool changed(int watch) const {
    const auto found = changed_.find(watch);
    return found == changed_.end() || found->second;
  }

  /// Takes in all events there are. One of a watch that is gone says nothing about those that live.
  void drain() {
    alignas(inotify_event) static std::array<char, 16384> events;
    ssize_t got = 0;
    while (fd_ && (got = ::read(fd_.get(), events.data(), events.size())) > 0) {
      for (ssize_t at = 0; at < got;) {
        const auto* event = reinterpret_cast<const inotify_event*>(events.data() + at);
        at += static_cast<ssize_t>(sizeof *event + event->len);
        if ((event->mask & IN_Q_OVERFLOW) != 0) {
          for (auto& [watch, changed] : changed_) changed = true;
        } else if (const auto found = changed_.find(event->wd); found != changed_.end()) {
          found->second = true;
        }
      }
    }
  }

 private:
  UniqueFd fd_;
  std::unordered_map<int, bool> changed_;  // by watch descriptor; the kernel does not give one out twice
};

Hub& hub() {
  static Hub the_hub;
  return the_hub;
}

/// Watches the directory `name` below `parent` and all below it, and lists its files, `path` before their
/// names. The box is still untouched: no link is followed that was not ours.
Result<void> watch_tree(int parent, const char* name, const std::string& path, std::vector<int>& watched,
                        std::vector<std::string>& files) {
  UniqueFd directory(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return errno_error(std::string("open ") + name);
  // By descriptor: the directory has no path in our mount namespace.
  watched.push_back(TRY(hub().add("/proc/self/fd/" + std::to_string(directory.get()))));
  DIR* dir = ::fdopendir(directory.get());
  if (dir == nullptr) return errno_error(std::string("read ") + name);
  const int fd = directory.release();
  Result<void> done;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view entry_name = entry->d_name;
    if (entry->d_type == DT_REG) files.push_back(path + entry->d_name);
    if (entry->d_type != DT_DIR || entry_name == "." || entry_name == "..") continue;
    done = watch_tree(fd, entry->d_name, path + entry->d_name + "/", watched, files);
    if (!done) break;
  }
  ::closedir(dir);
  return done;
}

}  // namespace

Result<ChangeWatch> ChangeWatch::begin(int scratch) {
  ChangeWatch watch;
  for (const char* place : {"box", "tmp", "shm"}) {
    TRY(watch_tree(scratch, place, std::string(place) + "/", watch.watched_, watch.files_));
  }
  return watch;
}

ChangeWatch::~ChangeWatch() {
  for (const int watch : watched_) hub().remove(watch);
}

bool ChangeWatch::may_be_written(int scratch) const {
  return std::any_of(files_.begin(), files_.end(), [&](const std::string& file) {
    const UniqueFd fd(::openat(scratch, file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    // A lease for reading is not given where a writer is (fs/locks.c, check_conflicting_open). Closing ends
    // it.
    return !fd || ::fcntl(fd.get(), F_SETLEASE, F_RDLCK) < 0;
  });
}

bool ChangeWatch::changed(int scratch) {
  // In this order: a writer that closes meanwhile has left its event before it goes.
  if (watched_.empty() || may_be_written(scratch)) return true;
  hub().drain();
  for (const int watch : watched_) {
    if (hub().changed(watch)) return true;
  }
  return false;
}

}  // namespace bailiff
