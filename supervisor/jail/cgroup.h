#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "spec/run_result.h"
#include "spec/run_spec.h"

namespace bailiff {

/// The part of the cgroup v2 hierarchy in which this process may make groups, and what can be limited there.
/// Found once per process. "Not available" is a normal answer, with the reason.
class CgroupTree {
 public:
  CgroupTree() = default;
  CgroupTree(CgroupTree&&) noexcept = default;
  CgroupTree& operator=(CgroupTree&&) noexcept = default;
  /// Undoes what find_own() did to its own group.
  ~CgroupTree();

  /// The group this process is in. Controllers can be given to leaves only where no process lives beside them
  /// (cgroup-v2.rst, "No Internal Process Constraint"): if we are alone in the group, as in a unit with
  /// Delegate=yes or as pid 1 of a container, we move into a leaf of our own first; else those already
  /// enabled have to do.
  static CgroupTree find_own();
  /// A group an operator set aside, by its absolute path; nobody lives in it. Nothing less than all is
  /// accepted.
  ///
  /// Errors (kRequest, key "--cgroup"): it does not exist, is not cgroup v2, is not writable, has processes
  /// in it, or lacks the memory or the pids controller
  static Result<CgroupTree> find_at(const std::string& path);

  [[nodiscard]] bool available() const { return static_cast<bool>(dir_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& why_not() const { return why_not_; }  // set when not available
  [[nodiscard]] bool has(const std::string& controller) const { return controllers_.contains(controller); }
  [[nodiscard]] const std::set<std::string>& controllers() const { return controllers_; }
  /// Why this tree lacks the controller, in words an operator can act on.
  [[nodiscard]] std::string why_lacks(const std::string& controller) const;
  /// Whether the controller exists at the top of the mounted hierarchy, given to us or not.
  [[nodiscard]] bool hierarchy_has(const std::string& controller) const;
  [[nodiscard]] int fd() const { return dir_.get(); }

 private:
  static CgroupTree open(std::string path);
  void enable_controllers();
  void move_into_leaf();

  UniqueFd dir_;
  std::string path_;
  std::string why_not_;
  std::string blocked_by_;  // why controllers that exist could not be enabled
  std::set<std::string> controllers_;
  UniqueFd own_leaf_;  // where we moved to; its flock keeps other sweeps off
  std::string own_leaf_name_;
};

/// cpu.stat of a leaf.
struct CgroupCpu {
  Nanos total{}, user{}, system{};
};

/// memory.events of a leaf, its whole subtree included.
struct MemoryEvents {
  std::uint64_t oom = 0;  // times its own limit was hit and nothing could be reclaimed
  std::uint64_t oom_kill =
      0;  // processes killed, by whosever limit: an ancestor's and the machine's count too
};

/// Owns one directory of the hierarchy: destruction kills what is inside and removes it. Move-only.
class CgroupDir {
 public:
  CgroupDir() = default;
  CgroupDir(UniqueFd parent, std::string name) : parent_(std::move(parent)), name_(std::move(name)) {}
  CgroupDir(CgroupDir&& other) noexcept { swap(other); }
  CgroupDir& operator=(CgroupDir&& other) noexcept {
    CgroupDir(std::move(other)).swap(*this);
    return *this;
  }
  ~CgroupDir();

  /// Opens the directory and marks it as ours by a flock that lives as long as this. False: another's sweep
  /// took it.
  bool hold();
  /// Removes the directory if nothing lives in it. True: it is gone, and nothing is left for the destructor.
  bool remove_if_empty();
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  void swap(CgroupDir& other) noexcept {
    std::swap(parent_, other.parent_);
    std::swap(fd_, other.fd_);
    std::swap(name_, other.name_);
  }
  UniqueFd parent_;
  UniqueFd fd_;
  std::string name_;
};

/// One cgroup v2 directory for one run at a time.
///
/// Its counters only ever grow; what this answers is what they grew by since begin_run().
class CgroupLeaf {
 public:
  /// Makes the directory; nothing is limited yet. Its name stands in `announced`, as a C string, before the
  /// directory exists: whoever cleans up after us when we are killed knows it in any case.
  ///
  /// Errors: EACCES, EROFS  the hierarchy is not ours to write
  ///         EAGAIN         no free name
  static Result<CgroupLeaf> create(const CgroupTree& tree, std::span<char> announced = {});

  explicit operator bool() const { return dir_.fd() >= 0; }
  [[nodiscard]] int fd() const { return dir_.fd(); }
  [[nodiscard]] const std::string& name() const { return dir_.name(); }
  bool remove_if_empty() { return dir_.remove_if_empty(); }

  /// Applies the limits that the tree's controllers can hold; what holds already is not written again.
  Result<void> limit(const Limits& limits);
  /// The same, and starts counting from here. Nothing runs inside.
  Result<void> begin_run(const Limits& limits);
  /// No run has begun in it yet.
  [[nodiscard]] bool fresh() const { return dir_.fd() >= 0 && !used_; }
  /// Whether another run may follow in it. Not where memory.peak is there and cannot be reset (before
  /// Linux 6.12), nor where the last run left something charged to it, such as the page cache of files that
  /// nobody had read before: it would be in the next run's peak.
  [[nodiscard]] bool reusable() const;
  /// Known from the start: on this kernel no leaf is reusable.
  [[nodiscard]] bool used_once() const { return has_memory_ && !peak_resets_; }

  /// user + system time of everything that ran inside; lags up to one tick while something runs
  /// (cgroup-v2.rst, "cpu.stat"; it needs no controller).
  [[nodiscard]] Result<CgroupCpu> cpu() const;
  /// The peak of memory.current (Linux 5.19); nothing without the controller or before.
  [[nodiscard]] std::optional<Bytes> memory_peak() const;
  [[nodiscard]] MemoryEvents memory_events() const;
  /// Times a new process or thread was refused at pids.max (pids.events); 0 without the controller.
  [[nodiscard]] std::uint64_t refused_forks() const;
  /// memory.stat: what is charged now; nothing without the controller.
  [[nodiscard]] std::optional<MemoryBreakdown> memory_breakdown() const;
  [[nodiscard]] Result<UniqueFd> open_procs() const;

 private:
  [[nodiscard]] Result<CgroupCpu> cpu_since_creation() const;

  CgroupDir dir_;
  UniqueFd cpu_stat_;  // kept open: read several times a run
  UniqueFd memory_events_, memory_stat_, pids_events_;
  UniqueFd
      peak_;  // kept open: a reset holds for the descriptor it was written to (cgroup-v2.rst, memory.peak)
  bool has_memory_ = false;
  bool has_pids_ = false;
  bool peak_resets_ = false;
  bool used_ = false;
  std::optional<Bytes> memory_max_;  // as last written
  std::optional<unsigned> pids_max_;
  CgroupCpu cpu_before_ = {};
  MemoryEvents events_before_ = {};
  std::uint64_t refused_before_ = 0;
};

}  // namespace bailiff
