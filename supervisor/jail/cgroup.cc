#include "jail/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <sstream>
#include <string_view>
#include <vector>

namespace bailiff {
namespace {

constexpr std::string_view kLeafPrefix = "bailiff-";

/// The whole of a small kernel file; empty when it cannot be read.
std::string slurp(int directory, const char* name) {
  UniqueFd fd(::openat(directory, name, O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  while (fd && (got = ::read(fd.get(), buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

Result<void> put(int directory, const char* name, std::string_view text) {
  UniqueFd fd(::openat(directory, name, O_WRONLY | O_CLOEXEC));
  if (!fd) return errno_error(std::string("open cgroup file ") + name);
  if (::write(fd.get(), text.data(), text.size()) < 0)
    return errno_error(std::string("write cgroup file ") + name);
  return {};
}

/// The number after `key` in "key number" lines; 0 when absent.
std::uint64_t field(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ') {
      std::uint64_t value = 0;
      std::from_chars(line.data() + key.size() + 1, line.data() + line.size(), value);
      return value;
    }
    at = end + 1;
  }
  return 0;
}

/// Where the cgroup v2 hierarchy is mounted and which of its directories the mount shows ("/" or a subtree).
struct Mounted {
  std::string where, root;
};

std::optional<Mounted> find_mount() {
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

/// Ends whatever lives in a leaf. One file does it from Linux 5.14 on; before, process by process until none
/// is left.
void kill_inside(int leaf) {
  if (put(leaf, "cgroup.kill", "1")) return;
  for (int round = 0; round < 100; ++round) {
    std::istringstream procs(slurp(leaf, "cgroup.procs"));
    long pid = 0;
    if (!(procs >> pid)) return;
    do {
      ::kill(static_cast<pid_t>(pid), SIGKILL);
    } while (procs >> pid);
  }
}

/// Removes leaves whose supervisor died: their flock is free.
void sweep(int tree) {
  UniqueFd listing(::openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!listing) return;
  DIR* dir = ::fdopendir(listing.release());
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir)) {
    if (!std::string_view(entry->d_name).starts_with(kLeafPrefix)) continue;
    UniqueFd leaf(::openat(tree, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!leaf || ::flock(leaf.get(), LOCK_EX | LOCK_NB) < 0) continue;
    (void)put(leaf.get(), "cgroup.kill",
              "1");  // nothing alive is the normal case; what remains is retried next time
    ::unlinkat(tree, entry->d_name, AT_REMOVEDIR);
  }
  ::closedir(dir);
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

bool CgroupDir::hold() {
  fd_ = UniqueFd(::openat(parent_.get(), name_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Between mkdir and flock another supervisor's sweep may take the directory for a dead one's and remove it.
  if (!fd_ || ::flock(fd_.get(), LOCK_EX | LOCK_NB) < 0) return false;
  struct stat still = {};
  return ::fstatat(parent_.get(), name_.c_str(), &still, AT_SYMLINK_NOFOLLOW) == 0;
}

bool CgroupDir::remove_if_empty() {
  if (!parent_) return true;
  if (::unlinkat(parent_.get(), name_.c_str(), AT_REMOVEDIR) < 0 && errno == EBUSY) return false;
  parent_.reset();
  fd_.reset();
  return true;
}

CgroupDir::~CgroupDir() {
  if (remove_if_empty()) return;
  // Something is alive inside only when the keeper could not end it; the kernel's own kill is asynchronous.
  kill_inside(fd_.get());
  for (int i = 0; i < 100 && ::unlinkat(parent_.get(), name_.c_str(), AT_REMOVEDIR) < 0 && errno == EBUSY;
       ++i) {
    ::usleep(1000);
  }
}

Result<CgroupLeaf> CgroupLeaf::create(const CgroupTree& tree, std::span<char> announced) {
  static unsigned sequence = 0;
  for (int attempt = 0; attempt < 100; ++attempt) {
    CgroupLeaf leaf;
    const std::string name =
        std::string(kLeafPrefix) + std::to_string(::getpid()) + "-" + std::to_string(sequence++);
    if (!announced.empty()) announced[name.copy(announced.data(), announced.size() - 1)] = '\0';
    if (::mkdirat(tree.fd(), name.c_str(), 0755) < 0) {
      if (errno == EEXIST) continue;  // a process of that number and another pid namespace
      return errno_error("mkdir " + tree.path() + "/" + name);
    }
    leaf.dir_ = CgroupDir(UniqueFd(::fcntl(tree.fd(), F_DUPFD_CLOEXEC, 0)), name);
    if (!leaf.dir_.hold()) continue;

    leaf.cpu_stat_ = UniqueFd(::openat(leaf.fd(), "cpu.stat", O_RDONLY | O_CLOEXEC));
    if (!leaf.cpu_stat_) return errno_error("open cpu.stat of " + name);
    leaf.has_memory_ = tree.has("memory");
    leaf.has_pids_ = tree.has("pids");
    if (leaf.has_memory_) {
      leaf.peak_ = UniqueFd(::openat(leaf.fd(), "memory.peak", O_RDWR | O_CLOEXEC));
      // Root may open it for writing on any kernel; whether that resets is found by trying (Linux 6.12).
      leaf.peak_resets_ = leaf.peak_ && ::write(leaf.peak_.get(), "reset", 5) == 5;
      if (!leaf.peak_) leaf.peak_ = UniqueFd(::openat(leaf.fd(), "memory.peak", O_RDONLY | O_CLOEXEC));
      (void)put(leaf.fd(), "memory.swap.max",
                "0");  // absent without swap accounting: then there is no swap to hold
      TRY(put(leaf.fd(), "memory.oom.group", "1"));  // one death ends the whole run (Linux 4.19)
    }
    return leaf;
  }
  errno = EAGAIN;
  return errno_error("mkdir in " + tree.path());
}

Result<void> CgroupLeaf::begin_run(const Limits& limits) {
  if (has_memory_ && memory_max_ != limits.memory) {
    TRY(put(fd(), "memory.max", limits.memory ? std::to_string(limits.memory->count) : "max"));
    memory_max_ = limits.memory;
  }
  if (has_pids_ && pids_max_ != limits.processes) {
    TRY(put(fd(), "pids.max", std::to_string(limits.processes)));
    pids_max_ = limits.processes;
  }
  if (peak_resets_ && ::write(peak_.get(), "reset", 5) < 0) return errno_error("reset memory.peak");
  cpu_before_ = TRY(cpu_since_creation());
  if (has_memory_) {
    events_before_ = {};
    events_before_ = memory_events();
  }
  return {};
}

Result<CgroupCpu> CgroupLeaf::cpu_since_creation() const {
  char text[1024];
  const ssize_t got = ::pread(cpu_stat_.get(), text, sizeof text, 0);
  if (got <= 0) return errno_error("read cpu.stat of " + name());
  const std::string_view all(text, static_cast<std::size_t>(got));
  const auto micros = [&](std::string_view key) {
    return Nanos(std::chrono::microseconds(static_cast<std::int64_t>(field(all, key))));
  };
  return CgroupCpu{micros("usage_usec"), micros("user_usec"), micros("system_usec")};
}

Result<CgroupCpu> CgroupLeaf::cpu() const {
  const CgroupCpu now = TRY(cpu_since_creation());
  return CgroupCpu{now.total - cpu_before_.total, now.user - cpu_before_.user,
                   now.system - cpu_before_.system};
}

std::optional<Bytes> CgroupLeaf::memory_peak() const {
  char text[32];
  const ssize_t got = peak_ ? ::pread(peak_.get(), text, sizeof text, 0) : 0;
  std::uint64_t value = 0;
  if (got <= 0 || std::from_chars(text, text + got, value).ec != std::errc{}) return std::nullopt;
  return Bytes{value};
}

MemoryEvents CgroupLeaf::memory_events() const {
  if (!has_memory_) return {};
  const std::string text = slurp(fd(), "memory.events");
  return MemoryEvents{field(text, "oom") - events_before_.oom,
                      field(text, "oom_kill") - events_before_.oom_kill};
}

std::optional<MemoryBreakdown> CgroupLeaf::memory_breakdown() const {
  if (!has_memory_) return std::nullopt;
  const std::string text = slurp(fd(), "memory.stat");
  return MemoryBreakdown{Bytes{field(text, "anon")}, Bytes{field(text, "file")}, Bytes{field(text, "shmem")},
                         Bytes{field(text, "kernel")}};
}

Result<UniqueFd> CgroupLeaf::open_procs() const {
  UniqueFd procs(::openat(fd(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
  if (!procs) return errno_error("open cgroup.procs of " + name());
  return procs;
}

}  // namespace bailiff
