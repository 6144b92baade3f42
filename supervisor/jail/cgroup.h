#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "spec/run_spec.h"

namespace bailiff {

/// The part of the cgroup v2 hierarchy in which this process may make groups, and what can be limited there.
/// Found once per process. "Not available" is a normal answer, with the reason.
class CgroupTree {
 public:
  /// Looks at /proc/self/mountinfo and /proc/self/cgroup, enables what controllers it may, and removes leaves that
  /// dead supervisors left behind (each living one holds a flock on its leaves).
  static CgroupTree find();

  [[nodiscard]] bool available() const { return static_cast<bool>(dir_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& why_not() const { return why_not_; }  // set when not available
  [[nodiscard]] bool has(const std::string& controller) const { return controllers_.contains(controller); }
  [[nodiscard]] const std::set<std::string>& controllers() const { return controllers_; }
  [[nodiscard]] int fd() const { return dir_.get(); }

 private:
  UniqueFd dir_;
  std::string path_;
  std::string why_not_;
  std::set<std::string> controllers_;
};

/// cpu.stat of a leaf.
struct CgroupCpu {
  Nanos total{}, user{}, system{};
};

/// memory.events of a leaf, its whole subtree included.
struct MemoryEvents {
  std::uint64_t oom_kill = 0;
};

/// One cgroup v2 directory made for one run. Move-only; destruction kills what is inside and removes it.
class CgroupLeaf {
 public:
  /// Makes the directory and applies the limits that the tree's controllers can hold, before anything runs inside.
  ///
  /// Errors: EACCES, EROFS  the hierarchy is not ours to write
  ///         EAGAIN         no free name
  /// Either every limit is in force or no directory is left behind.
  static Result<CgroupLeaf> create(const CgroupTree& tree, const Limits& limits);

  CgroupLeaf() = default;
  CgroupLeaf(CgroupLeaf&& other) noexcept = default;
  CgroupLeaf& operator=(CgroupLeaf&& other) noexcept;
  ~CgroupLeaf() { remove(); }

  explicit operator bool() const { return static_cast<bool>(dir_); }
  [[nodiscard]] int fd() const { return dir_.get(); }
  [[nodiscard]] const std::string& name() const { return name_; }

  /// user + system time of everything that ever ran inside; lags up to one tick while something runs
  /// (cgroup-v2.rst, "cpu.stat"; it needs no controller).
  [[nodiscard]] Result<CgroupCpu> cpu() const;
  /// The peak of memory.current (Linux 5.19); nothing without the controller or before.
  [[nodiscard]] std::optional<Bytes> memory_peak() const;
  [[nodiscard]] MemoryEvents memory_events() const;
  [[nodiscard]] Result<UniqueFd> open_procs() const;

 private:
  void remove();
  UniqueFd parent_;
  UniqueFd dir_;
  std::string name_;
};

}  // namespace bailiff
