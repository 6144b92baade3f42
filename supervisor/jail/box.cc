#include "jail/box.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "jail/keeper_image.h"

namespace bailiff {
namespace {

/// Descriptors handed to the keeper lie above those it will have, so that dup2 never overwrites one still
/// needed.
constexpr int kFirstFreeFd = 16;

Result<UniqueFd> above_keeper_fds(UniqueFd fd, const char* what) {
  UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstFreeFd));
  if (!moved) return errno_error(std::string("dup ") + what);
  return moved;
}

/// The keeper's program in a sealed memfd, made once: no path leads to it, nothing can change it.
Result<int> keeper_program() {
  static UniqueFd program;
  if (program) return program.get();
  constexpr unsigned kMfdExec = 0x10;  // Linux 6.3; asked for where vm.memfd_noexec would take the right away
  UniqueFd fd(::memfd_create("bailiff-keeper", MFD_CLOEXEC | MFD_ALLOW_SEALING | kMfdExec));
  if (!fd && errno == EINVAL)
    fd = UniqueFd(::memfd_create("bailiff-keeper", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return errno_error("memfd_create keeper");
  const std::span<const std::byte> image = keeper_image();
  if (::write(fd.get(), image.data(), image.size()) != static_cast<ssize_t>(image.size())) {
    return errno_error("write keeper");
  }
  // Sealing keeps a program that got hold of it from changing what the next box would run (CVE-2019-5736).
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
    return errno_error("seal keeper");
  }
  program = TRY(above_keeper_fds(std::move(fd), "keeper"));
  return program.get();
}

/// How long a keeper may take to end what is in its box before it is killed itself, and the box with it.
constexpr Nanos kFarewell = 2s;

constexpr const char* kExecKeeper = "exec keeper";

struct KeeperStart {
  int program, socket, board, lease, cgroup_parent, last_pid, null;
  const char* uid_map;  // for a new user namespace; null: there is none
  const char* gid_map;
  int error = 0;
  const char* failed = kExecKeeper;
};

void write_or_leave(KeeperStart& start, const char* path, const char* text) {
  const int fd = ::open(path, O_WRONLY);
  if (fd >= 0 && ::write(fd, text, std::strlen(text)) >= 0) {
    ::close(fd);
    return;
  }
  start.error = errno;
  start.failed = path;
  ::_exit(127);
}

/// Runs in a vfork child on the supervisor's memory: system calls only.
int enter_keeper(void* argument) {
  auto& start = *static_cast<KeeperStart*>(argument);
  if (start.uid_map != nullptr) {
    // One id of each kind, our own, is what the kernel lets anybody map, and the groups only if setgroups is
    // denied (user_namespaces(7)).
    write_or_leave(start, "/proc/self/setgroups", "deny");
    write_or_leave(start, "/proc/self/uid_map", start.uid_map);
    write_or_leave(start, "/proc/self/gid_map", start.gid_map);
  }
  const struct {
    int from, to;
  } places[] = {{start.null, kKeeperListenerFd},
                {start.null, 0},
                {start.null, 1},
                {start.null, 2},
                {start.socket, kKeeperSocketFd},
                {start.board, kKeeperBoardFd},
                {start.lease, kKeeperLeaseFd},
                {start.cgroup_parent, kKeeperCgroupParentFd},
                {start.last_pid, kKeeperLastPidFd}};
  for (const auto& place : places) {
    if (place.from >= 0 && ::dup2(place.from, place.to) < 0) {
      start.error = errno;
      ::_exit(127);
    }
  }
  // Of what the caller left open without close-on-exec, nothing may live on in a keeper.
  for (const auto& place : places) {
    if (place.from < 0) ::close(place.to);
  }
  if (start.program > kLastKeeperFd + 1) ::syscall(SYS_close_range, kLastKeeperFd + 1, start.program - 1, 0);
  ::syscall(SYS_close_range, start.program + 1, 0x7fffffff, 0);
  char name[] = "bailiff-keeper";
  char* argv[] = {name, nullptr};
  char* envp[] = {nullptr};
  ::syscall(SYS_execveat, start.program, "", argv, envp, AT_EMPTY_PATH);
  start.error = errno;
  ::_exit(127);
}

class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_ = {};
};

struct Namespace {
  int flag;  // 0: the keeper makes it (keeper.cc, keep)
  const char* name;
};
constexpr Namespace kNamespaces[] = {
    {CLONE_NEWPID, "pid"}, {CLONE_NEWNS, "mount"}, {0, "net"}, {CLONE_NEWIPC, "ipc"}, {CLONE_NEWUTS, "uts"}};

Error no_descriptors() {
  return host_error(
      "the keeper could not pass its descriptors: too many of this user are in flight (unix(7))");
}

}  // namespace

uid_t Box::uid() const {
  return spec_.privilege == Privilege::kUserNamespace ? UidRange{}.first : lease_.uid();
}

std::string Box::path_of(const std::string& inside) const {
  return plain() && (inside == "/box" || inside.starts_with("/box/")) ? place_.path() + inside : inside;
}

uid_t Box::owner() const {
  return spec_.privilege == Privilege::kRoot ? lease_.uid() : static_cast<uid_t>(-1);
}

void Box::swap(Box& other) noexcept {
  std::swap(spec_, other.spec_);
  std::swap(leaves_, other.leaves_);
  std::swap(current_leaf_, other.current_leaf_);
  std::swap(spool_, other.spool_);
  std::swap(input_sizes_, other.input_sizes_);
  std::swap(watch_, other.watch_);
  std::swap(restarts_pids_, other.restarts_pids_);
  std::swap(renews_keyring_, other.renews_keyring_);
  std::swap(lease_, other.lease_);
  std::swap(place_, other.place_);
  std::swap(socket_, other.socket_);
  std::swap(scratch_, other.scratch_);
  std::swap(building_, other.building_);
  std::swap(board_, other.board_);
  std::swap(run_area_, other.run_area_);
  std::swap(keeper_, other.keeper_);
  std::swap(inherited_limits_, other.inherited_limits_);
  std::swap(holds_inodes_, other.holds_inodes_);
  std::swap(counts_processes_, other.counts_processes_);
  std::swap(namespaces_, other.namespaces_);
}

Result<Box> Box::open(const Surroundings& surroundings, const BoxSpec& spec) {
  Box box = TRY(start(surroundings, spec.reusable));
  TRY(box.build(surroundings, spec));
  TRY(box.finish());
  return box;
}

Result<Box> Box::start(const Surroundings& surroundings, bool reusable) {
  Box box;
  box.spec_.reusable = reusable;
  box.spec_.privilege = surroundings.privilege;
  const bool leased = surroundings.privilege != Privilege::kUserNamespace;
  if (leased) box.lease_ = TRY(UidLease::take(surroundings.uids));
  box.counts_processes_ = leased || surroundings.kernel.nproc_per_namespace;
  if (box.plain()) {
    // Should a keeper be killed, what it kept becomes ours.
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0) return errno_error("prctl child subreaper");
    end_processes_of(box.uid());  // of a supervisor that was killed together with its keeper
    box.place_ = TRY(Place::make(box.uid()));
  }
  TRY(box.start_keeper(surroundings));
  return box;
}

Result<void> Box::start_keeper(const Surroundings& surroundings) {
  UniqueFd board(::memfd_create("bailiff-board", MFD_CLOEXEC));
  // A memfd is made with mode 777, and gVisor shows the program the keeper's /proc/1/fd.
  if (!board || ::ftruncate(board.get(), kWholeBoardBytes) < 0 || ::fchmod(board.get(), 0) < 0)
    return errno_error("memfd_create board");
  void* mapped = ::mmap(nullptr, kWholeBoardBytes, PROT_READ | PROT_WRITE, MAP_SHARED, board.get(), 0);
  if (mapped == MAP_FAILED) return errno_error("mmap board");
  board_ = static_cast<std::byte*>(mapped);
  if (plain()) this->board().user = uid();

  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return errno_error("socketpair");
  socket_ = UniqueFd(ends[0]);
  UniqueFd theirs = TRY(above_keeper_fds(UniqueFd(ends[1]), "socket"));
  board = TRY(above_keeper_fds(std::move(board), "board"));
  UniqueFd lease;
  if (lease_.fd() >= 0) {
    lease = UniqueFd(::fcntl(lease_.fd(), F_DUPFD_CLOEXEC, kFirstFreeFd));
    if (!lease) return errno_error("dup lease");
  }
  UniqueFd cgroup_parent;
  if (surroundings.cgroups.available()) {
    cgroup_parent = UniqueFd(::fcntl(surroundings.cgroups.fd(), F_DUPFD_CLOEXEC, kFirstFreeFd));
    if (!cgroup_parent) return errno_error("dup cgroup");
  }
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return errno_error("open /dev/null");
  null = TRY(above_keeper_fds(std::move(null), "/dev/null"));
  // Read-only in a container: then pid numbers go on, and the result says so.
  UniqueFd last_pid;
  if (spec_.reusable && !plain()) {  // there it is not the box's
    last_pid = UniqueFd(::open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC));
    if (last_pid) last_pid = TRY(above_keeper_fds(std::move(last_pid), "ns_last_pid"));
  }
  restarts_pids_ = static_cast<bool>(last_pid);
  KeeperStart start{TRY(keeper_program()), theirs.get(), board.get(), lease.get(), cgroup_parent.get(),
                    last_pid.get(),        null.get(),   nullptr,     nullptr};

  for (int resource = 0; resource < RLIM_NLIMITS; ++resource) {
    rlimit& limit = inherited_limits_[static_cast<std::size_t>(resource)];
    if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) < 0)
      return errno_error("getrlimit " + std::to_string(resource));
  }

  int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
  const std::string uid_map = "0 " + std::to_string(::geteuid()) + " 1";
  const std::string gid_map = "0 " + std::to_string(::getegid()) + " 1";
  if (spec_.privilege == Privilege::kUserNamespace) {
    flags |= CLONE_NEWUSER;
    start.uid_map = uid_map.c_str();
    start.gid_map = gid_map.c_str();
    namespaces_.emplace_back("user");
  }
  for (const Namespace& ns : kNamespaces) {
    if (plain()) break;
    flags |= ns.flag;
    namespaces_.emplace_back(ns.name);
  }
  alignas(16) static std::array<std::byte, 65536> stack;
  {
    const AllSignalsBlocked blocked;  // a handler of ours must not run in the child, on our memory
    keeper_ = ::clone(enter_keeper, stack.data() + stack.size(), flags, &start);
  }
  if (keeper_ < 0) {
    if (spec_.privilege == Privilege::kUserNamespace) return host_error(why_no_user_namespace(errno));
    return errno_error(plain() ? "clone" : "clone into new namespaces");
  }
  if (start.error != 0) {
    if (start.failed != kExecKeeper)
      return host_error(std::string(start.failed) + ": " + why_no_user_namespace(start.error));
    errno = start.error;
    return errno_error(start.failed);
  }
  return {};
}

Result<void> Box::check_keeper() {
  const Renounced& renounced = this->board().renounced;
  // What a program could use against us. The others (keyring, securebits: absent in gVisor) are belts to
  // braces.
  if (errno = renounced.network; errno != 0) return errno_error("unshare net namespace");
  if (errno = renounced.no_new_privs; errno != 0) return errno_error("prctl no_new_privs");
  // Emptying that takes CAP_SETPCAP; where it is missing, no_new_privs and empty sets have to do.
  if (errno = renounced.bounding_set; errno != 0 && !plain()) return errno_error("prctl drop bounding set");
  if (errno = renounced.dumpable; errno != 0) return errno_error("prctl not dumpable");
  // gVisor gives a user 200 keys and takes none back (pkg/sentry/kernel/auth, KeySet): a keyring for each run would
  // last for 200 runs. No filter lets a program near one.
  renews_keyring_ = renounced.keyring == 0 && !spec_.gvisor;
  return {};
}

Result<void> Box::build(const Surroundings& surroundings, const BoxSpec& spec) {
  assert(spec.reusable == spec_.reusable);
  spec_ = spec;
  spec_.privilege = surroundings.privilege;
  if (plain() && spec.root->directory != "/")
    return request_error("--root",
                         "a root of its own takes CAP_SYS_ADMIN; without it the box shows this one");
  BoardWriter writer(board_, sizeof(Board));
  CallList farewell(writer);
  // Should we die, the keeper removes the box's leaves, whose names stand on the board.
  for (std::size_t i = 0; i < std::size(board().cgroup_names); ++i) {
    const auto where =
        static_cast<Offset>(offsetof(Board, cgroup_names) + i * sizeof board().cgroup_names[0]);
    const CallList::Arg name(where, Call::kBoard);
    farewell.add("rmdir cgroup", SYS_unlinkat, {kKeeperCgroupParentFd, name, AT_REMOVEDIR}).may_fail();
  }
  board().farewell = farewell.finish();
  board().farewell_count = static_cast<std::uint32_t>(farewell.size());

  BoxPlan plan = plain() ? plan_plain_box(place_.path(), writer) : plan_box(spec_, uid(), writer);
  const Ordered scratch = TRY(order(std::move(plan.scratch)));
  building_ = TRY(order(std::move(plan.rest)));
  if (surroundings.cgroups.available()) TRY(make_leaf(0, surroundings.cgroups));
  const Result<void> performed = await_performed(scratch, {&scratch_, 1});
  TRY(check_keeper());  // first, because it may be the cause
  TRY(performed);
  if (!scratch_) return no_descriptors();
  const auto* made = reinterpret_cast<const Call*>(writer.at(scratch.where));
  holds_inodes_ = plan.inodes_call >= 0 && made[plan.inodes_call].error == 0;
  run_area_ = writer.next();
  return {};
}

Result<void> Box::finish() {
  if (building_.names.empty()) return {};
  TRY(await_performed(building_, {}));
  // Runs write over what has been obeyed: the farewell stays, the lists of the build go.
  run_area_ = building_.where;
  building_ = {};
  return {};
}

Result<Box::Ordered> Box::order(CallList calls) const {
  const Ordered ordered{calls.finish(), calls.names()};
  TRY(send(OrderMessage{Order::kPerform, calls.size(), ordered.where, 0, 0}));
  return ordered;
}

Result<void> Box::await_performed(const Ordered& ordered, std::span<UniqueFd> passed) const {
  const ReplyMessage done = TRY(receive(passed.data(), static_cast<int>(passed.size())));
  if (done.reply != Reply::kPerformed) return internal_error("the keeper answered something else");
  if (done.number < 0) return {};
  errno = reinterpret_cast<const Call*>(board_ + ordered.where)[done.number].error;
  return errno_error("box: " + ordered.names[static_cast<std::size_t>(done.number)]);
}

Result<void> Box::make_leaf(std::size_t index, const CgroupTree& cgroups) {
  leaves_[index] = CgroupLeaf();  // the old one goes first: the board has one name for both
  leaves_[index] = TRY(CgroupLeaf::create(cgroups, board().cgroup_names[index]));
  return {};
}

/// A failure is no matter yet: renew() tries again, and tells.
void Box::make_ahead(const CgroupTree& cgroups, const Limits& limits) {
  if (!spec_.reusable || !leaf() || !leaf().used_once()) return;
  const std::size_t next = 1 - current_leaf_;
  if (make_leaf(next, cgroups)) (void)leaves_[next].limit(limits);
}

Result<void> Box::next_leaf(const CgroupTree& cgroups) {
  current_leaf_ = 1 - current_leaf_;
  if (leaf().fresh()) return {};
  return make_leaf(current_leaf_, cgroups);
}

/// Without a watch (inotify's own limits) every run counts as having changed something: dearer, not wrong.
void Box::watch() {
  Result<ChangeWatch> watch = ChangeWatch::begin(scratch_.get());
  watch_ = watch ? *std::move(watch) : ChangeWatch();
}

Result<void> Box::put_in(const std::map<std::string, InputFile>& files, const HostFiles& host) {
  for (const auto& [name, file] : files) {
    struct stat status = {};
    const auto opened = host.files.find(name);
    const bool of_host = opened != host.files.end() && ::fstat(opened->second.get(), &status) == 0;
    input_sizes_.push_back(of_host ? static_cast<std::uint64_t>(status.st_size) : file.content.bytes.size());
  }
  const AsUser as = as_owner();
  return copy_in(scratch_.get(), files, host, owner());
}

std::size_t Box::inputs_of(Bytes size) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(input_sizes_, [&](std::uint64_t input) { return input >= size.count; }));
}

Result<void> Box::fill(Spool spool) {
  spool_ = std::move(spool);
  for (const SpooledFile& file : spool_.files) input_sizes_.push_back(file.size);
  const AsUser as = as_owner();
  TRY(copy_in(scratch_.get(), spool_, owner()));
  watch();
  return {};
}

Result<void> Box::renew(const Surroundings& surroundings) {
  if (leaf() && !leaf().reusable()) TRY(next_leaf(surroundings.cgroups));
  const AsUser as = as_owner();
  if (!watch_.changed(scratch_.get())) return {};
  if (plain()) {
    watch_ = ChangeWatch();
    TRY(place_.renew());
    TRY(copy_in(scratch_.get(), spool_, owner()));
    watch();
    return {};
  }
  BoardWriter writer(board_, run_area_);
  CallList calls = plan_renewal(spec_, uid(), writer);
  scratch_.reset();
  watch_ = ChangeWatch();
  const Ordered renewal = TRY(order(std::move(calls)));
  TRY(await_performed(renewal, {&scratch_, 1}));
  if (!scratch_) return no_descriptors();
  TRY(copy_in(scratch_.get(), spool_, owner()));
  watch();
  return {};
}

Result<void> Box::send(const OrderMessage& order, std::span<const int> fds) const {
  OrderMessage copy = order;
  iovec iov = {&copy, sizeof copy};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control = {};
  msghdr message = {};
  message.msg_iov = &iov;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    assert(fds.size() <= 4);
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  if (::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) < 0) return errno_error("send to keeper");
  return {};
}

Result<ReplyMessage> Box::receive(UniqueFd* passed, int passed_count) const {
  ReplyMessage reply = {};
  iovec iov = {&reply, sizeof reply};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control = {};
  msghdr message = {};
  message.msg_iov = &iov;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno_error("receive from keeper");
  if (got != static_cast<ssize_t>(sizeof reply)) {
    errno = EPIPE;
    return errno_error("receive from keeper");
  }
  const bool cut = (message.msg_flags & MSG_CTRUNC) != 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    std::array<int, 4> fds = {};
    std::memcpy(fds.data(), CMSG_DATA(header), std::min(count, fds.size()) * sizeof(int));
    for (std::size_t i = 0; i < count && i < fds.size(); ++i) {
      UniqueFd fd(fds[i]);
      if (static_cast<int>(i) < passed_count) passed[i] = std::move(fd);
    }
  }
  if (cut) {  // what came is closed again: recvmsg(2) leaves out what there is no number for
    for (int i = 0; i < passed_count; ++i) passed[i].reset();
    errno = EMFILE;
    return errno_error("receive from keeper");
  }
  return reply;
}

/// Something is alive inside. The keeper is told that nobody listens any more, upon which it kills what there
/// is, removes the leaves and exits.
void Box::await_farewell() {
  socket_.reset();
  using Clock = std::chrono::steady_clock;
  for (const auto until = Clock::now() + kFarewell; keeper_ > 0 && Clock::now() < until;) {
    if (::waitpid(keeper_, nullptr, WNOHANG) == keeper_) keeper_ = -1;
    if (keeper_ > 0) ::usleep(500);
  }
}

void Box::dismiss() {
  watch_ = ChangeWatch();
  scratch_.reset();
  // While the keeper lives: should we be killed in between, it removes what we did not.
  bool quiet = true;
  for (CgroupLeaf& one : leaves_) quiet = one.remove_if_empty() && quiet;
  if (!quiet || plain()) await_farewell();
  // Killing pid 1 of the namespace kills all in it (kernel/pid_namespace.c, zap_pid_ns_processes).
  if (keeper_ > 0) ::kill(keeper_, SIGKILL);
}

UniqueFd Box::taken_apart() const {
  return UniqueFd(keeper_ > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, keeper_, 0)) : -1);
}

void Box::close() {
  dismiss();
  if (keeper_ > 0) {
    // Returns when the kernel has reaped the last process of the namespace.
    while (::waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {
    }
    keeper_ = -1;
  }
  socket_.reset();
  for (CgroupLeaf& one : leaves_) one = CgroupLeaf();
  if (plain() && lease_.fd() >= 0) {
    end_processes_of(uid());  // there are some only where the keeper was killed
    place_ = Place();
  }
  lease_ = UidLease();
  if (board_ != nullptr) ::munmap(board_, kWholeBoardBytes);
  board_ = nullptr;
}

}  // namespace bailiff
