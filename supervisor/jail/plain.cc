#include "jail/plain.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <functional>

#include "base/unique_fd.h"
#include "jail/board.h"

namespace bailiff {
namespace {

constexpr const char* kPlaces[] = {"box", "tmp", "shm"};

/// Where everybody may write on Debian and its like.
constexpr const char* kWorldWritable[] = {"/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock"};

/// Calls `with` for each name in the directory until it says false.
void each_name(int directory, const std::function<bool(const char*)>& with) {
  UniqueFd listing(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* dir = listing ? ::fdopendir(listing.get()) : nullptr;
  if (dir == nullptr) return;
  (void)listing.release();  // closedir() closes it
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && !with(entry->d_name)) break;
  }
  ::closedir(dir);
}

UniqueFd open_directory(int parent, const char* name) {
  (void)::fchmodat(parent, name, 0700, 0);  // its owner, whom we are, may have closed it to himself
  return UniqueFd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool is_directory(int parent, const char* name) {
  struct stat status = {};
  return ::fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
}

/// Removes all that is in the directory, however deep: a directory's directories are moved up into `top`
/// before it goes, so that no more than two are ever open. Nobody is left who could change it meanwhile.
void empty(int top) {
  unsigned moved = 0;
  for (bool more = true; more;) {
    more = false;
    each_name(top, [&](const char* name) {
      if (!is_directory(top, name)) {
        more = ::unlinkat(top, name, 0) == 0 || more;
        return true;
      }
      if (const UniqueFd below = open_directory(top, name)) {
        each_name(below.get(), [&](const char* inner) {
          if (!is_directory(below.get(), inner)) {
            ::unlinkat(below.get(), inner, 0);
            return true;
          }
          (void)::fchmodat(below.get(), inner, 0700, 0);
          for (int i = 0; i < 1000; ++i) {
            const std::string up = ".bailiff-" + std::to_string(moved++);
            if (::syscall(SYS_renameat2, below.get(), inner, top, up.c_str(), 1 /* RENAME_NOREPLACE */) ==
                    0 ||
                errno != EEXIST)
              break;
          }
          return true;
        });
      }
      more = ::unlinkat(top, name, AT_REMOVEDIR) == 0 || more;
      return true;
    });
  }
}

void remove_from(int parent, const char* name) {
  if (const UniqueFd below = is_directory(parent, name) ? open_directory(parent, name) : UniqueFd()) {
    empty(below.get());
  }
  if (::unlinkat(parent, name, 0) < 0) ::unlinkat(parent, name, AT_REMOVEDIR);
}

/// What the user has at the top of a directory; whatever lies in one of another's is that other's to see to.
void remove_what_belongs_to(uid_t user, const char* path) {
  const UniqueFd directory(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return;
  const AsUser as(user);
  each_name(directory.get(), [&](const char* name) {
    struct stat status = {};
    if (::fstatat(directory.get(), name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_uid == user)
      remove_from(directory.get(), name);
    return true;
  });
}

/// Runs in a vfork child, so that only this one changes its ids. As keeper.cc, kill_all_of().
int kill_all_of(void* argument) {
  const uid_t user = *static_cast<const uid_t*>(argument);
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  if (::syscall(SYS_setresuid, user + kShadow, user, user + kShadow) == 0 &&
      ::syscall(SYS_capset, &header, none) == 0)
    ::kill(-1, SIGKILL);
  ::_exit(0);
}

}  // namespace

AsUser::AsUser(uid_t user) : user_(user) {
  if (user_ == 0) return;
  group_before_ = static_cast<gid_t>(::setfsgid(user_));
  user_before_ = static_cast<uid_t>(::setfsuid(user_));
}

AsUser::~AsUser() {
  if (user_ == 0) return;
  ::setfsuid(user_before_);
  ::setfsgid(group_before_);
}

Result<void> Place::make_directories() const {
  const AsUser as(user_);
  for (const char* name : kPlaces) {
    const std::string path = path_ + "/" + name;
    struct stat status = {};
    if (::mkdir(path.c_str(), 0755) < 0) return errno_error("mkdir " + path);
    if (::lstat(path.c_str(), &status) < 0) return errno_error("stat " + path);
    if (status.st_uid != user_) return host_error(path + " does not belong to the box: setfsuid was refused");
  }
  return {};
}

Result<Place> Place::make(uid_t user) {
  Place place;
  const std::string path = "/tmp/bailiff-" + std::to_string(user);
  struct stat status = {};
  if (::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == 0) {
    place.path_ = path;  // of a supervisor that was killed together with its keeper
    place.user_ = user;
    place = Place();
  }
  {
    // The group that we cannot give it afterwards.
    ::setfsgid(user);
    const int made = ::mkdir(path.c_str(), 0700);
    const int error = errno;
    ::setfsgid(0);
    errno = error;
    if (made < 0) return errno_error("mkdir " + path);
  }
  place.path_ = path;
  place.user_ = user;
  if (::chmod(path.c_str(), 0770) < 0) return errno_error("chmod " + path);
  TRY(place.make_directories());
  if (::chmod(path.c_str(), 0710) < 0) return errno_error("chmod " + path);
  return place;
}

Result<void> Place::renew() {
  const AsUser as(user_);
  for (const char* name : kPlaces) {
    const UniqueFd directory = open_directory(AT_FDCWD, (path_ + "/" + name).c_str());
    if (!directory || ::fchmod(directory.get(), 0755) < 0) return errno_error("open " + path_ + "/" + name);
    empty(directory.get());
    bool left = false;
    each_name(directory.get(), [&left](const char*) { return !(left = true); });
    if (left) return host_error("something in " + path_ + "/" + name + " cannot be removed");
  }
  for (const char* path : kWorldWritable) remove_what_belongs_to(user_, path);
  return {};
}

Place::~Place() {
  if (path_.empty()) return;
  {
    const AsUser as(user_);
    for (const char* name : kPlaces) {
      if (const UniqueFd directory = open_directory(AT_FDCWD, (path_ + "/" + name).c_str()))
        empty(directory.get());
    }
  }
  for (const char* name : kPlaces) ::rmdir((path_ + "/" + name).c_str());
  ::rmdir(path_.c_str());
  for (const char* path : kWorldWritable) remove_what_belongs_to(user_, path);
}

void end_processes_of(uid_t user) {
  if (user == 0) return;  // it would be everything
  const UniqueFd proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int round = 0; proc && round < 2000; ++round) {
    bool any = false;
    each_name(proc.get(), [&](const char* name) {
      struct stat status = {};
      pid_t pid = 0;
      const char* end = name + std::strlen(name);
      if (std::from_chars(name, end, pid).ptr != end) return true;
      // A process' directory belongs to its effective user id (fs/proc/base.c, task_dump_owner).
      if (::fstatat(proc.get(), name, &status, 0) < 0 || status.st_uid != user) return true;
      if (::waitpid(pid, nullptr, WNOHANG | __WALL) != pid) any = true;
      return true;
    });
    if (!any) return;
    alignas(16) static std::array<std::byte, 16384> stack;
    const pid_t killer =
        ::clone(kill_all_of, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, &user);
    if (killer > 0) ::waitpid(killer, nullptr, 0);
    ::usleep(1000);
  }
}

std::uint64_t file_rights(int version) {
  std::uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  if (version >= 2) rights |= 1U << 13;  // LANDLOCK_ACCESS_FS_REFER
  if (version >= 3) rights |= 1U << 14;  // LANDLOCK_ACCESS_FS_TRUNCATE
  return rights;
}

std::vector<VisiblePath> visible_paths(const RootTree& tree, const std::string& place, int version) {
  constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
  constexpr std::uint64_t kReadTree = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR;
  constexpr std::uint64_t kExecute = LANDLOCK_ACCESS_FS_EXECUTE;
  std::vector<VisiblePath> paths;
  for (const RootTree::Entry& entry : tree.entries) {
    if (entry.link_target.empty())  // what a link leads to is judged by where it lies
      paths.push_back({"/" + entry.path, kExecute | (entry.directory ? kReadTree : kReadFile)});
  }
  if (tree.own_etc) {
    for (const char* file : {"/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf"})
      paths.push_back({file, kReadFile});
  }
  for (const char* device : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"})
    paths.push_back({device, kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE});
  paths.push_back({"/proc/self", kReadTree | LANDLOCK_ACCESS_FS_WRITE_FILE});
  const std::uint64_t devices = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;
  for (const char* name : kPlaces) paths.push_back({place + "/" + name, file_rights(version) & ~devices});
  return paths;
}

}  // namespace bailiff
