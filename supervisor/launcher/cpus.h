#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "launcher/deadline.h"

namespace bailiff {

/// The CPUs of one container, and whose turn it is on them. A clock in a container tells the truth while nothing
/// else is on its CPU, so a run holds exclusive locks (flock) on the files DIRECTORY/N of its CPUs: of all
/// containers of this machine's launchers, one runs a program there at a time. A lock goes with its process.
/// Who waits for N holds N.next, and nobody takes N without: else whoever has just had N would get it again.
/// Files are never deleted: two processes could then lock different files of one name.
class Cpus {
 public:
  /// `wanted`: as kernel and Docker write CPUs, "0" or "2-3,5"; "all": wherever the host puts it, and no turns;
  /// empty: one, that of those this process may use which the fewest of `others` have. `others`: lists.
  /// Errors: kRequest  no such list; kHost  a file that cannot be made.
  static Result<Cpus> choose(const std::string& directory, const std::string& wanted,
                             const std::vector<std::string>& others);

  /// For cpuset.cpus; empty: all.
  [[nodiscard]] const std::string& list() const { return list_; }

  /// While it lives, no other run is on these CPUs. Must not outlive its Cpus.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept : locked_(std::exchange(other.locked_, {})) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    friend Cpus;
    std::vector<int> locked_;  // borrowed
  };
  /// Waits as long as others run there. Errors: ECANCELED.
  Result<Turn> wait_for_turn(int cancel_fd) const;

 private:
  struct Cpu {
    unsigned number = 0;
    UniqueFd run, next;
  };
  Cpus() = default;

  std::string list_;
  std::vector<Cpu> cpus_;  // ascending: two that wait for each other's are then impossible
};

/// Held while a container's CPUs are chosen and put on record, so that no two launchers choose the same.
Result<UniqueFd> lock_choice(const std::string& directory, Deadline deadline);

/// The CPUs of "0-2,5", ascending; nothing when it is not such a list.
std::optional<std::vector<unsigned>> parse_cpu_list(const std::string& list);

/// Beside the leases (lease.h): /run/bailiff/cpus for root; in $BAILIFF_STATE.
std::string cpus_directory();

}  // namespace bailiff
