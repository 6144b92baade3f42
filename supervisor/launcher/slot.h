#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "launcher/docker_client.h"

namespace bailiff {

/// Where this host keeps its cgroups, and how Docker names a parent there.
struct CgroupLayout {
  bool systemd = false;  // Docker's cgroup driver: a parent is then the name of a slice
  bool v2 = false;
  std::string cpu = {};                  // directory of the hierarchy that counts CPU time; empty: none found
  std::string memory = {};               // of the one that limits memory; empty: none
  std::string cpuset = {};               // v1: of the one that says which CPUs; empty: none, or v2
  std::vector<std::string> mounts = {};  // all hierarchies: Docker makes directories in each

  /// Reads /proc/self/mountinfo. Nothing is mounted or moved.
  static CgroupLayout find(const EngineInfo& engine);
};

/// HostConfig.CgroupParent of the slot with this number, a Lease's: "/bailiff/slot0", "bailiff_slot0.slice".
std::string slot_name(const CgroupLayout& layout, unsigned number);

/// The host's own cgroup around one container: its clock counts what the guest's cannot, and its memory limit
/// proves an out-of-memory kill that took the whole container. Only groups of these names are made, none is
/// moved, and what is in one is our container by construction.
///
/// With Docker's cgroupfs driver the directories are made here, below `bailiff`. With systemd's they are a slice
/// that systemd is asked for, which sets the limit as well and removes what it made.
class Slot {
 public:
  /// `memory`: a limit for all that is in the slot, where this host can hold it.
  /// Errors: no hierarchy counts CPU time, no group can be made, systemd refuses. Nothing is left then.
  static Result<Slot> make(const CgroupLayout& layout, unsigned number, std::optional<Bytes> memory);
  Slot(Slot&&) noexcept = default;
  Slot& operator=(Slot&&) = delete;
  ~Slot() { (void)remove(); }

  /// Removes its groups once what was in them is gone, for which it waits. Errors: kHost  which one is still
  /// there, or why systemd does not stop its slice; clear_slot() can remove it later.
  Result<void> remove();

  [[nodiscard]] const std::string& cgroup_parent() const { return parent_; }
  /// A group in it, beside the container's, that has the memory and pids controllers: a supervisor under the
  /// host's own kernel makes its boxes' groups there and cannot change the limit, which is one level above.
  /// Empty: none, as under v1.
  [[nodiscard]] const std::string& boxes() const { return boxes_; }
  /// Whether the limit is held here, so that the container needs none of its own.
  [[nodiscard]] bool holds_memory() const { return holds_memory_; }

  /// Holds boxes() to these CPUs, as its own group holds the container; nothing to do where there is no such
  /// group. Only once the container runs: the runtime gives the slot the controller.
  /// Errors: kHost  the group has no cpuset controller
  Result<void> hold_boxes_to(const std::string& cpus);

  /// CPU time of all that ever ran in it. kUnknown: it cannot be read, or nothing has been counted: then
  /// Docker put the container elsewhere.
  Nanos cpu_time();
  static constexpr Nanos kUnknown{-1};

  /// What a container of gVisor that is to have the CPU `cpus` starts with: that one and another. Its kernel schedules
  /// itself on as many places as it has CPUs when it starts, and on a single place it stands still for up to 10 ms
  /// whenever it goes to wait for input (docs/operations.md, "One CPU"). Empty: `cpus` names more than one CPU,
  /// there is no other, or the container's group is systemd's to change.
  [[nodiscard]] std::string to_start_with(const std::string& cpus) const;
  /// Confines a container that runs to the CPUs it is to have.
  [[nodiscard]] Result<void> confine(const std::string& container_id, const std::string& cpus) const;

  /// "cgroup v1 cpuacct.usage" | "cgroup v2 cpu.stat"
  [[nodiscard]] const char* clock() const { return v2_ ? "cgroup v2 cpu.stat" : "cgroup v1 cpuacct.usage"; }
  [[nodiscard]] Nanos resolution() const { return v2_ ? Nanos{1000} : Nanos{1}; }
  /// Whether its counters prove that its memory ran out.
  bool out_of_memory();

 private:
  Slot() = default;
  Result<void> start_slice(std::optional<Bytes> memory);
  Result<void> make_directories(const CgroupLayout& layout, std::optional<Bytes> memory);

  std::string parent_;
  std::vector<std::string> made_;  // its directory in each hierarchy, whoever makes it; removed at the end
  std::string boxes_;
  std::string cpu_directory_;
  std::string memory_directory_;
  std::string cpuset_directory_;  // empty: no hierarchy says which CPUs, or it is systemd's
  UniqueFd cpu_;  // kept: 15 µs a reading instead of 50
  bool v2_ = false;
  bool holds_memory_ = false;
};

/// Kills what is in the slot's groups and removes them; for one whose launcher was killed. Of a name that
/// slot_name() does not give nothing is touched. Errors: as of Slot::remove()
Result<void> clear_slot(const CgroupLayout& layout, const std::string& cgroup_parent);

}  // namespace bailiff
