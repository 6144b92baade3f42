#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "jail/board.h"
#include "jail/box_plan.h"
#include "jail/cgroup.h"
#include "jail/kernel.h"
#include "jail/uid_lease.h"

namespace bailiff {

/// What this supervisor has to work with: found once at start, the same for every box.
struct Surroundings {
  RootTree root = {};
  CgroupTree cgroups = {};
  UidRange uids = {};
  Kernel kernel = {};
};

/// The prepared surroundings of one submission: namespaces, a root file system, a user id, and the keeper in it as
/// pid 1. Move-only; destruction kills everything inside and waits until it is gone.
///
/// Thread: the supervisor's only one.
class Box {
 public:
  /// Everything is in place when it returns, or nothing is left.
  ///
  /// Errors: EPERM   not root, or namespaces are not to be had here
  ///         EBUSY   no user id is free
  ///         others  the mount or mkdir that failed, by name
  static Result<Box> open(const Surroundings& surroundings, const BoxSpec& spec);

  Box() = default;
  Box(Box&& other) noexcept { swap(other); }
  Box& operator=(Box&& other) noexcept {
    Box(std::move(other)).swap(*this);
    return *this;
  }
  ~Box() { close(); }

  explicit operator bool() const { return keeper_ > 0; }
  [[nodiscard]] uid_t uid() const { return lease_.uid(); }
  [[nodiscard]] const std::vector<std::string>& namespaces() const { return namespaces_; }
  [[nodiscard]] bool holds_inodes() const { return holds_inodes_; }

  /// Directory of the writable file system: "box", "tmp" and "shm" lie in it. Borrowed.
  [[nodiscard]] int scratch_fd() const { return scratch_.get(); }
  /// The box's own /dev/null, for programs without input. Borrowed.
  [[nodiscard]] int null_fd() const { return null_.get(); }
  /// Readable when the keeper has something to say; end of file when it is dead.
  [[nodiscard]] int socket() const { return socket_.get(); }

  [[nodiscard]] Board& board() const { return *reinterpret_cast<Board*>(board_); }
  /// Writes behind the box's own part of the board; what it puts there lasts until the next call of this.
  [[nodiscard]] BoardWriter scratch_writer() const { return {board_, run_area_}; }

  /// Passes `fds` (at most four) with the order. The keeper gets copies.
  Result<void> send(const OrderMessage& order, std::initializer_list<int> fds = {}) const;
  /// Receives one reply, waiting for it. Errors: EPIPE  the keeper is gone
  Result<ReplyMessage> receive(UniqueFd* passed = nullptr, int passed_count = 0) const;

  /// Kills everything, waits, removes. Idempotent.
  void close();

 private:
  void swap(Box& other) noexcept;
  Result<void> start_keeper(const Surroundings& surroundings);
  Result<void> build(const BoxSpec& spec);

  UidLease lease_;
  UniqueFd socket_;
  UniqueFd scratch_;
  UniqueFd null_;
  std::byte* board_ = nullptr;
  Offset run_area_ = 0;
  pid_t keeper_ = -1;
  bool holds_inodes_ = false;
  std::vector<std::string> namespaces_;
};

}  // namespace bailiff
