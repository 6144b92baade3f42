#include "jail/ready_run.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "jail/frame_stream.h"
#include "jail/plan.h"

namespace bailiff {
namespace {

/// A larger input is not copied: the run gets a process of its own, and with it the memfd that the input came
/// in.
constexpr off_t kMostCopied = off_t{256} << 10;
/// Making one takes 0.2 ms, under gVisor 2. Nobody looks at any run's limits meanwhile.
constexpr timespec kLongest = {0, 20'000'000};

const char* at(const Board& board, Offset offset) { return reinterpret_cast<const char*>(&board) + offset; }

/// All of a plan that become_program() has done when it waits.
std::string prepared_part(const Board& board) {
  const ChildPlan& plan = board.plan;
  std::string part;
  for (const std::uint64_t value :
       {std::uint64_t{plan.uid}, std::uint64_t{plan.gid}, static_cast<std::uint64_t>(plan.oom_score_adj),
        std::uint64_t{plan.new_ipc}, std::uint64_t{plan.new_keyring},
        std::uint64_t{plan.new_cgroup_namespace}, std::uint64_t{plan.restart_pids},
        std::uint64_t{plan.rlimit_count}, std::uint64_t{plan.filter_length}})
    part.append(reinterpret_cast<const char*>(&value), sizeof value);
  part.append(at(board, plan.rlimits), plan.rlimit_count * sizeof(RlimitOrder));
  part.append(at(board, plan.filter), plan.filter_length * sizeof(sock_filter));
  part.append(at(board, plan.workdir));
  return part;
}

bool can_be_ahead(const ChildPlan& plan) {
  return plan.listener == Listener::kNobody && plan.user_map == 0 && plan.landlock == 0 &&
         plan.extent <= kBoardBytes;
}

}  // namespace

FilesBefore files_before(const Box& box) {
  struct statfs fs = {};
  if (box.plain())
    return {.disk_full = true, .inodes_full = true};  // others' as well: it fills up without the program
  if (::fstatfs(box.scratch_fd(), &fs) < 0) return {};
  return {Bytes{(fs.f_blocks - fs.f_bfree) * static_cast<std::uint64_t>(fs.f_bsize)}, fs.f_bfree == 0,
          fs.f_ffree == 0};
}

std::optional<ReadyRun> ReadyRun::make(Box& box, const Surroundings& surroundings, const RunSpec& like,
                                       const Filter& filter, bool has_input) {
  if (box.privilege() != Privilege::kRoot || box.leaf() ||
      (filter.notifies && surroundings.kernel.hears_violations))
    return std::nullopt;
  if (!plan_run(box, surroundings, like, filter, Listener::kNobody) || !can_be_ahead(box.board().plan))
    return std::nullopt;

  ReadyRun ready;
  Result<Capture> out = Capture::open({}, box.owner());
  Result<Capture> err = Capture::open({}, box.owner());
  if (!out || !err) return std::nullopt;
  ready.out = *std::move(out);
  ready.err = *std::move(err);
  if (has_input) {
    Result<UniqueFd> input = make_spool();  // what a run's own would be
    if (!input) return std::nullopt;
    ready.input_ = *std::move(input);
  }
  ready.before = files_before(box);
  ready.prepared_ = prepared_part(box.board());
  const std::array<int, 3> fds = {ready.out.write_end(), ready.err.write_end(), ready.input_.get()};
  box.board().ready.set(Ready::kMaking);
  const OrderMessage order{Order::kMakeReady, 0, 0, has_input ? 1 : 0, 0};
  if (!box.send(order, std::span(fds).first(has_input ? 3 : 2))) return std::nullopt;
  return ready;
}

bool ReadyRun::settle(Board& board) const {
  Ready now;
  while ((now = board.ready.now()) == Ready::kMaking) {
    const long waited = ::syscall(SYS_futex, &board.ready.value, FUTEX_WAIT, static_cast<std::uint32_t>(now),
                                  &kLongest, nullptr, 0);
    if (waited < 0 && errno != EAGAIN && errno != EINTR) return false;
  }
  return now == Ready::kWaiting;
}

bool ReadyRun::fits(const Box& box, const UniqueFd& input) const {
  if (static_cast<bool>(input) != static_cast<bool>(input_)) return false;
  struct stat status = {};
  if (input && (::fstat(input.get(), &status) < 0 || status.st_size > kMostCopied)) return false;
  return can_be_ahead(box.board().plan) && prepared_part(box.board()) == prepared_;
}

bool ReadyRun::give(const UniqueFd& input) const {
  if (!input) return true;
  static std::array<char, 65536> buffer;
  // At positions of our own: its offset is the program's, and stays at the start.
  for (off_t copied = 0;;) {
    const ssize_t got = ::pread(input.get(), buffer.data(), buffer.size(), copied);
    if (got < 0) return false;
    if (got > 0 && ::pwrite(input_.get(), buffer.data(), static_cast<std::size_t>(got), copied) != got)
      return false;
    copied += got;
    if (got < static_cast<ssize_t>(buffer.size())) break;
  }
  return ::fcntl(input_.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
}

bool ReadyRun::go(Board& board) const {
  if (!board.ready.change(Ready::kWaiting, Ready::kGo)) return false;
  (void)::syscall(SYS_futex, &board.ready.value, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  return true;
}

}  // namespace bailiff
