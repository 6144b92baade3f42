#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "jail/cgroup.h"
#include "jail/cgroup_files.h"

namespace bailiff {
namespace {

/// What a leaf may still have charged for another run to begin in it. The kernel charges per-CPU stock in
/// batches (mm/memcontrol.c, MEMCG_CHARGE_BATCH: 64 pages for each CPU), so an empty one need not show 0.
constexpr std::uint64_t kLittleLeft = (512_KiB).count;

/// A kernel file that is kept open, from its start; empty when it cannot be read.
std::string_view read_again(const UniqueFd& fd, std::span<char> buffer) {
  const ssize_t got = fd ? ::pread(fd.get(), buffer.data(), buffer.size(), 0) : 0;
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
}

}  // namespace

bool CgroupDir::hold() {
  fd_ = UniqueFd(::openat(parent_.get(), name_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // Between mkdir and flock another supervisor's sweep may take the directory for a dead one's and remove it.
  if (!fd_ || ::flock(fd_.get(), LOCK_EX | LOCK_NB) < 0) return false;
  struct stat still = {};
  return ::fstatat(parent_.get(), name_.c_str(), &still, AT_SYMLINK_NOFOLLOW) == 0;
}

bool CgroupDir::remove_if_empty() {
  if (!parent_) return true;
  const bool gone =
      ::unlinkat(parent_.get(), name_.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENODEV;
  if (!gone) return false;
  parent_.reset();
  fd_.reset();
  return true;
}

CgroupDir::~CgroupDir() {
  if (remove_if_empty()) return;
  // Something is alive inside only when the keeper could not end it.
  remove_group(parent_.get(), name_);
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
      leaf.memory_events_ = UniqueFd(::openat(leaf.fd(), "memory.events", O_RDONLY | O_CLOEXEC));
      if (!leaf.memory_events_) return errno_error("open memory.events of " + name);
      leaf.memory_stat_ = UniqueFd(::openat(leaf.fd(), "memory.stat", O_RDONLY | O_CLOEXEC));
      if (!leaf.memory_stat_) return errno_error("open memory.stat of " + name);
      // Absent without swap accounting: then there is no swap to hold. zswap: Linux 5.19.
      (void)put(leaf.fd(), "memory.swap.max", "0");
      (void)put(leaf.fd(), "memory.zswap.max", "0");
      TRY(put(leaf.fd(), "memory.oom.group", "1"));  // one death ends the whole run (Linux 4.19)
    }
    if (leaf.has_pids_) {
      leaf.pids_events_ = UniqueFd(::openat(leaf.fd(), "pids.events", O_RDONLY | O_CLOEXEC));
      if (!leaf.pids_events_) return errno_error("open pids.events of " + name);
    }
    return leaf;
  }
  errno = EAGAIN;
  return errno_error("mkdir in " + tree.path());
}

Result<void> CgroupLeaf::limit(const Limits& limits) {
  if (has_memory_ && memory_max_ != limits.memory) {
    TRY(put(fd(), "memory.max", limits.memory ? std::to_string(limits.memory->count) : "max"));
    memory_max_ = limits.memory;
  }
  if (has_pids_ && pids_max_ != limits.processes) {
    TRY(put(fd(), "pids.max", std::to_string(limits.processes)));
    pids_max_ = limits.processes;
  }
  return {};
}

Result<void> CgroupLeaf::begin_run(const Limits& limits) {
  TRY(limit(limits));
  if (!std::exchange(used_, true)) return {};  // all its counters are 0
  if (peak_resets_ && ::write(peak_.get(), "reset", 5) < 0) return errno_error("reset memory.peak");
  cpu_before_ = TRY(cpu_since_creation());
  events_before_ = {};
  events_before_ = memory_events();
  refused_before_ = 0;
  refused_before_ = refused_forks();
  return {};
}

bool CgroupLeaf::reusable() const {
  if (!has_memory_) return true;
  if (used_once()) return false;
  std::uint64_t charged = 0;
  const std::string text = slurp(fd(), "memory.current");
  return std::from_chars(text.data(), text.data() + text.size(), charged).ec == std::errc{} &&
         charged <= kLittleLeft;
}

Result<CgroupCpu> CgroupLeaf::cpu_since_creation() const {
  char text[1024];
  const std::string_view all = read_again(cpu_stat_, text);
  if (all.empty()) return errno_error("read cpu.stat of " + name());
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
  char buffer[32];
  const std::string_view text = read_again(peak_, buffer);
  std::uint64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) return std::nullopt;
  return Bytes{value};
}

MemoryEvents CgroupLeaf::memory_events() const {
  char buffer[512];
  const std::string_view text = read_again(memory_events_, buffer);
  return MemoryEvents{field(text, "oom") - events_before_.oom,
                      field(text, "oom_kill") - events_before_.oom_kill};
}

std::uint64_t CgroupLeaf::refused_forks() const {
  char buffer[64];
  return field(read_again(pids_events_, buffer), "max") - refused_before_;
}

std::optional<MemoryBreakdown> CgroupLeaf::memory_breakdown() const {
  if (!has_memory_) return std::nullopt;
  char buffer[8192];
  std::string_view rest = read_again(memory_stat_, buffer);
  MemoryBreakdown found;
  // The four come among the first lines, and there are some fifty: one pass, which ends with the last of
  // them.
  const std::pair<std::string_view, Bytes*> wanted[] = {
      {"anon ", &found.anon}, {"file ", &found.file}, {"kernel ", &found.kernel}, {"shmem ", &found.shmem}};
  for (std::size_t left = std::size(wanted), end = 0; left > 0 && (end = rest.find('\n')) != rest.npos;
       rest.remove_prefix(end + 1)) {
    for (const auto& [key, bytes] : wanted) {
      if (!rest.starts_with(key)) continue;
      std::from_chars(rest.data() + key.size(), rest.data() + end, bytes->count);
      --left;
      break;
    }
  }
  return found;
}

Result<UniqueFd> CgroupLeaf::open_procs() const {
  UniqueFd procs(::openat(fd(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
  if (!procs) return errno_error("open cgroup.procs of " + name());
  return procs;
}

}  // namespace bailiff
