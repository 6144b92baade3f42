#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "jail/board.h"
#include "jail/box_files.h"
#include "jail/box_plan.h"
#include "jail/cgroup.h"
#include "jail/change_watch.h"
#include "jail/filter_file.h"
#include "jail/kernel.h"
#include "jail/plain.h"
#include "jail/privilege.h"
#include "jail/uid_lease.h"

namespace bailiff {

/// What this supervisor has to work with: found once at start, the same for every box.
struct Surroundings {
  RootTree root = {};
  CgroupTree cgroups = {};
  UidRange uids = {};
  Kernel kernel = {};
  FilterSet filters = {};
  Privilege privilege = Privilege::kRoot;
  bool read_ahead = false;  // the root tree, or parts of it: read_ahead.h
};

/// The prepared surroundings of one submission: namespaces, a root file system, a user id, and the keeper in
/// it as pid 1. Move-only; destruction kills everything inside and waits until it is gone.
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

  /// The same in three steps, beside the keeper. start() makes one, and what it does for itself, new namespaces
  /// above all, goes on while the caller does something else. build() has it make the box of `spec` and returns
  /// when files can be put in. The first run may be ordered then, too. finish() waits for the rest; without effect when
  /// that was done.
  static Result<Box> start(const Surroundings& surroundings, bool reusable);
  Result<void> build(const Surroundings& surroundings, const BoxSpec& spec);
  Result<void> finish();

  Box() = default;
  Box(Box&& other) noexcept { swap(other); }
  Box& operator=(Box&& other) noexcept {
    Box(std::move(other)).swap(*this);
    return *this;
  }
  ~Box() { close(); }

  explicit operator bool() const { return keeper_ > 0; }
  /// The program's user id, as it sees it.
  [[nodiscard]] uid_t uid() const;
  /// To whom we give the program's files: its user id, or (uid_t)-1, nobody else, where that is ours too or
  /// we make them as that user.
  [[nodiscard]] uid_t owner() const;
  /// While what it answers lives, we may work on the program's files.
  [[nodiscard]] AsUser as_owner() const { return AsUser(plain() ? lease_.uid() : 0); }
  /// Without namespaces: Privilege::kPlain.
  [[nodiscard]] bool plain() const { return spec_.privilege == Privilege::kPlain; }
  /// What a program's own path is on this machine: without a root of its own, /box lies elsewhere.
  [[nodiscard]] std::string path_of(const std::string& inside) const;
  /// The directory that stands for the box's own file system; empty where it has one.
  [[nodiscard]] const std::string& place() const { return place_.path(); }
  [[nodiscard]] Privilege privilege() const { return spec_.privilege; }
  [[nodiscard]] const std::vector<std::string>& namespaces() const { return namespaces_; }
  [[nodiscard]] bool holds_inodes() const { return holds_inodes_; }
  /// Whether RLIMIT_NPROC counts this box's processes and no others.
  [[nodiscard]] bool counts_processes() const { return counts_processes_; }

  /// Puts the files into /box and keeps them for renew(). For reusable boxes, once, before the first run.
  Result<void> fill(Spool spool);
  /// The same for a box of one run: files given in memory, or by an open file of the host.
  Result<void> put_in(const std::map<std::string, InputFile>& files, const HostFiles& host);
  /// How many of the caller's files have at least `size` bytes.
  [[nodiscard]] std::size_t inputs_of(Bytes size) const;
  /// After a run, off its path: makes the box as it was before. What the run did not touch is not made again.
  Result<void> renew(const Surroundings& surroundings);
  [[nodiscard]] bool reusable() const { return spec_.reusable; }

  /// The cgroup of the current run; empty where there is no cgroup v2. Borrowed.
  [[nodiscard]] CgroupLeaf& leaf() { return leaves_[current_leaf_]; }
  /// While a run goes on: where a leaf serves one run only, removes that of the run before and makes the next
  /// one's, with the same limits. So no run waits for either.
  void make_ahead(const CgroupTree& cgroups, const Limits& limits);

  /// Directory of the writable file system: "box", "tmp" and "shm" lie in it. Borrowed.
  [[nodiscard]] int scratch_fd() const { return scratch_.get(); }
  /// Readable when the keeper has something to say; end of file when it is dead.
  [[nodiscard]] int socket() const { return socket_.get(); }

  [[nodiscard]] Board& board() const { return *reinterpret_cast<Board*>(board_); }
  /// Writes behind the box's own part of the board; what it puts there lasts until the next call of this.
  [[nodiscard]] BoardWriter scratch_writer() const { return {board_, run_area_}; }

  /// What the keeper was started with, and so what the program has where it is given nothing else.
  [[nodiscard]] const rlimit& inherited_limit(int resource) const {
    return inherited_limits_[static_cast<std::size_t>(resource)];
  }

  /// Whether the keeper can make pid numbers start again, and renew the session keyring.
  [[nodiscard]] bool restarts_pids() const { return restarts_pids_; }
  [[nodiscard]] bool renews_keyring() const { return renews_keyring_; }

  /// Passes `fds` (at most four) with the order. The keeper gets copies.
  Result<void> send(const OrderMessage& order, std::span<const int> fds = {}) const;
  /// Receives one reply, waiting for it. Errors: EPIPE  the keeper is gone
  Result<ReplyMessage> receive(UniqueFd* passed = nullptr, int passed_count = 0) const;

  /// The first half of close(): kills everything and does not wait until the kernel has taken it apart.
  void dismiss();
  /// After that: a descriptor that is readable once close() has nothing left to wait for. Empty where the kernel has no
  /// pidfd (before Linux 5.3, gVisor).
  [[nodiscard]] UniqueFd taken_apart() const;
  /// Kills everything, waits, removes. Idempotent.
  void close();

 private:
  /// A list the keeper has been given and has not answered for.
  struct Ordered {
    Offset where = 0;
    std::vector<std::string> names = {};
  };

  void swap(Box& other) noexcept;
  Result<void> start_keeper(const Surroundings& surroundings);
  /// Has the keeper, which is up, a network of its own, and has it given up what it had to?
  Result<void> check_keeper();
  void watch();
  void await_farewell();
  Result<void> make_leaf(std::size_t index, const CgroupTree& cgroups);
  Result<void> next_leaf(const CgroupTree& cgroups);
  /// Has the keeper make the calls.
  Result<Ordered> order(CallList calls) const;
  /// Waits until it has; the descriptors it passes back land in `passed`.
  Result<void> await_performed(const Ordered& ordered, std::span<UniqueFd> passed) const;

  BoxSpec spec_;
  UidLease lease_;
  Place place_;           // only where plain()
  CgroupLeaf leaves_[2];  // the current run's, and one that is made ahead for the next or was the last one's
  std::size_t current_leaf_ = 0;
  Spool spool_;
  std::vector<std::uint64_t> input_sizes_;
  ChangeWatch watch_;
  UniqueFd socket_;
  UniqueFd scratch_;
  Ordered building_;
  std::byte* board_ = nullptr;
  Offset run_area_ = 0;
  pid_t keeper_ = -1;
  std::array<rlimit, RLIM_NLIMITS> inherited_limits_ = {};
  bool holds_inodes_ = false;
  bool counts_processes_ = false;
  bool restarts_pids_ = false;
  bool renews_keyring_ = false;
  std::vector<std::string> namespaces_;
};

}  // namespace bailiff
