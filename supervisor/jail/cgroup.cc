#include "jail/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cstring>
#include <sstream>
#include <vector>

#include "jail/cgroup_files.h"

namespace bailiff {
namespace {

/// Where the cgroup v2 hierarchy is mounted and which of its directories the mount shows ("/" or a subtree).
struct Mounted {
  std::string where, root;
};

/// Where a hierarchy's root is mounted at the usual place, and we see cgroups as the kernel does, /proc/self/mountinfo
/// has nothing to tell; with thirty mounts, reading it takes some 60 µs.
std::optional<Mounted> usual_mount() {
  constexpr ino_t kFirstCgroupNamespace = 0xEFFFFFFB;  // include/linux/proc_ns.h, PROC_CGROUP_INIT_INO
  constexpr ino_t kRootOfHierarchy = 1;                // fs/kernfs/dir.c: the first id given
  struct stat status = {};
  if (::stat("/proc/self/ns/cgroup", &status) < 0 || status.st_ino != kFirstCgroupNamespace) return std::nullopt;
  for (const char* where : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    struct statfs fs = {};
    if (::statfs(where, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC) continue;
    if (::stat(where, &status) == 0 && status.st_ino == kRootOfHierarchy) return Mounted{where, "/"};
  }
  return std::nullopt;
}

std::optional<Mounted> find_mount() {
  if (std::optional<Mounted> mounted = usual_mount()) return mounted;
  std::istringstream lines(slurp(AT_FDCWD, "/proc/self/mountinfo"));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.find(" - cgroup2 ") == std::string::npos) continue;
    std::istringstream words(line);  // id parent major:minor root mount-point … - type (proc(5), mountinfo)
    std::string skip;
    Mounted mounted;
    words >> skip >> skip >> skip >> mounted.root >> mounted.where;
    return mounted;
  }
  return std::nullopt;
}

std::string own_group() {
  std::istringstream lines(slurp(AT_FDCWD, "/proc/self/cgroup"));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return {};
}

std::set<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::set<std::string> words;
  for (std::string word; stream >> word;) words.insert(word);
  return words;
}

/// bailiff-PID-NUMBER or bailiff-PID-supervisor, and nothing that merely begins like that.
bool is_leaf_name(std::string_view name) {
  const auto digits = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (!name.starts_with(kLeafPrefix)) return false;
  name.remove_prefix(kLeafPrefix.size());
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos || !digits(name.substr(0, dash))) return false;
  return digits(name.substr(dash + 1)) || name.substr(dash + 1) == "supervisor";
}

/// Removes leaves whose supervisor died: their flock is free.
void sweep(int tree) {
  for (const std::string& name : groups_in(tree)) {
    if (!is_leaf_name(name)) continue;
    UniqueFd leaf(::openat(tree, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!leaf || ::flock(leaf.get(), LOCK_EX | LOCK_NB) < 0) continue;
    remove_group(tree, name);  // what resists is retried at the next start
  }
}

}  // namespace

CgroupTree CgroupTree::open(std::string path) {
  CgroupTree tree;
  tree.path_ = std::move(path);
  UniqueFd dir(::open(tree.path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct statfs fs = {};
  if (!dir || ::fstatfs(dir.get(), &fs) < 0) {
    tree.why_not_ = "open " + tree.path_ + ": " + std::strerror(errno);
  } else if (fs.f_type != CGROUP2_SUPER_MAGIC) {
    tree.why_not_ = tree.path_ + " is not cgroup v2: it has no cgroup.controllers";
  } else if (::faccessat(dir.get(), "cgroup.procs", W_OK, AT_EACCESS) < 0 ||
             ::faccessat(dir.get(), ".", W_OK, AT_EACCESS) < 0) {
    tree.why_not_ = tree.path_ + "/cgroup.procs is not writable: " + std::strerror(errno);
  } else {
    tree.dir_ = std::move(dir);
    sweep(tree.fd());
  }
  return tree;
}

void CgroupTree::enable_controllers() {
  const std::set<std::string> there = words_of(slurp(fd(), "cgroup.controllers"));
  for (const char* controller : {"memory", "pids", "cpu"}) {
    if (!there.contains(controller)) continue;
    if (words_of(slurp(fd(), "cgroup.subtree_control")).contains(controller)) {
      controllers_.insert(controller);
      continue;
    }
    if (!blocked_by_.empty()) continue;
    // memory comes first: enabling a threaded controller beside processes would make the group a threaded
    // domain, in which nothing but threads can live (cgroup-v2.rst, "Threads").
    if (const Result<void> enabled = put(fd(), "cgroup.subtree_control", std::string("+") + controller)) {
      controllers_.insert(controller);
    } else {
      blocked_by_ = enabled.error().message();
    }
  }
}

void CgroupTree::move_into_leaf() {
  if (::faccessat(fd(), "cgroup.type", F_OK, 0) < 0)
    return;  // the hierarchy's root: the constraint is not for it
  if (words_of(slurp(fd(), "cgroup.controllers")).empty()) return;
  std::istringstream procs(slurp(fd(), "cgroup.procs"));
  for (long pid = 0; procs >> pid;) {
    if (pid == ::getpid()) continue;
    blocked_by_ = "other processes live in " + path_ + ", pid " + std::to_string(pid) + " for one";
    return;
  }
  const std::string name = std::string(kLeafPrefix) + std::to_string(::getpid()) + "-supervisor";
  if (::mkdirat(fd(), name.c_str(), 0755) < 0) {
    blocked_by_ = "mkdir " + path_ + "/" + name + ": " + std::strerror(errno);
    return;
  }
  UniqueFd leaf(::openat(fd(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const bool moved =
      leaf && ::flock(leaf.get(), LOCK_EX | LOCK_NB) == 0 && put(leaf.get(), "cgroup.procs", "0");
  if (!moved) {
    blocked_by_ = "move into " + path_ + "/" + name + ": " + std::strerror(errno);
    ::unlinkat(fd(), name.c_str(), AT_REMOVEDIR);
    return;
  }
  own_leaf_ = std::move(leaf);
  own_leaf_name_ = name;
}

CgroupTree CgroupTree::find_own() {
  CgroupTree tree;
  const std::optional<Mounted> mounted = find_mount();
  if (!mounted) {
    tree.why_not_ = "no cgroup2 file system is mounted";
    return tree;
  }
  std::string group = own_group();
  if (mounted->root != "/" && group.starts_with(mounted->root)) group.erase(0, mounted->root.size());
  tree = open(mounted->where + (group == "/" ? "" : group));
  if (!tree.available()) return tree;
  tree.move_into_leaf();
  tree.enable_controllers();
  return tree;
}

Result<CgroupTree> CgroupTree::find_at(const std::string& path) {
  const auto refuse = [](std::string why) { return request_error("--cgroup", std::move(why)); };
  if (!path.starts_with('/')) return refuse("must be an absolute path");
  CgroupTree tree = open(path);
  if (!tree.available()) return refuse(tree.why_not());
  const bool root = ::faccessat(tree.fd(), "cgroup.type", F_OK, 0) < 0;
  if (!root && !slurp(tree.fd(), "cgroup.procs").empty())
    return refuse(path + "/cgroup.procs is not empty: set an empty group aside");
  tree.enable_controllers();
  for (const char* controller : {"memory", "pids"}) {
    if (!tree.has(controller)) return refuse(tree.why_lacks(controller));
  }
  return tree;
}

std::string CgroupTree::why_lacks(const std::string& controller) const {
  if (!available()) return why_not_;
  if (!words_of(slurp(fd(), "cgroup.controllers")).contains(controller)) {
    return path_ + "/cgroup.controllers has no " + controller;
  }
  return path_ + "/cgroup.subtree_control has no " + controller +
         (blocked_by_.empty() ? "" : ": " + blocked_by_);
}

bool CgroupTree::hierarchy_has(const std::string& controller) const {
  const std::optional<Mounted> mounted = find_mount();
  return mounted &&
         words_of(slurp(AT_FDCWD, (mounted->where + "/cgroup.controllers").c_str())).contains(controller);
}

CgroupTree::~CgroupTree() {
  if (!own_leaf_ || !dir_) return;
  // In this order: processes may come back only where no controller is given on.
  for (const std::string& controller : controllers_)
    (void)put(fd(), "cgroup.subtree_control", "-" + controller);
  if (put(fd(), "cgroup.procs", "0")) ::unlinkat(fd(), own_leaf_name_.c_str(), AT_REMOVEDIR);
}

}  // namespace bailiff
