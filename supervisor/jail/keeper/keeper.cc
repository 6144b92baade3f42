// The keeper: pid 1 of a box, or, where there is no pid namespace, the subreaper of what runs in it. It makes
// the system calls it is told to, starts the run, reaps whatever dies, kills what is left, and says so. It is
// freestanding (no libc) and single-threaded, so that its resident set stays at some tens of KiB: every
// program it starts inherits that as the floor of its ru_maxrss.
//
// It lives exactly as long as the supervisor's end of the socket is open.

#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/ioctl.h>
#include <linux/keyctl.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/signal.h>
#include <linux/socket.h>
#include <linux/time.h>
#include <linux/wait.h>

#include "jail/board.h"
#include "jail/keeper/child.h"
#include "jail/keeper/survey.h"
#include "jail/keeper/syscall.h"

extern "C" {
// The compiler may emit calls to these even without a library.
void* memset(void* to, int value, unsigned long size) {
  auto* bytes = static_cast<volatile unsigned char*>(to);
  for (unsigned long i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(value);
  return to;
}
void* memcpy(void* to, const void* from, unsigned long size) {
  auto* bytes = static_cast<volatile unsigned char*>(to);
  for (unsigned long i = 0; i < size; ++i) bytes[i] = static_cast<const unsigned char*>(from)[i];
  return to;
}
}

namespace bailiff {
namespace {

using raw::Word;

// Kernel structures whose libc spelling we cannot include here.
struct PollFd {
  int fd;
  short events, revents;
};
struct IoVec {
  void* base;
  unsigned long length;
};
struct MsgHdr {
  void* name;
  int name_length;
  IoVec* iov;
  unsigned long iov_length;
  void* control;
  unsigned long control_length;
  unsigned flags;
};
struct CmsgHdr {
  unsigned long length;
  int level, type;
};
inline constexpr int kSolSocket = 1, kScmRights = 1, kMsgNoSignal = 0x4000, kMsgCmsgCloexec = 0x40000000;

inline constexpr int kMaxPassed = 4;
struct alignas(8) Passed {
  CmsgHdr header;
  int fds[kMaxPassed];
};

Board& board() noexcept { return *reinterpret_cast<Board*>(kBoardAddress); }
char* at(Offset offset) noexcept { return reinterpret_cast<char*>(kBoardAddress + offset); }

[[noreturn]] void leave(int code) noexcept {
  for (;;) raw::call(SYS_exit_group, code);
}

std::int64_t monotonic_ns() noexcept {
  struct __kernel_timespec time = {};
  raw::call(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

int slots[kSlots] = {-1, -1, -1, -1, -1, -1, -1, -1};  // descriptors that perform() saved
int signal_fd = -1;
bool scratch_is_new = false;  // the supervisor has not got it yet
/// A list failed. What was to follow it, a run above all, would meet another world than it was written for.
bool spoilt = false;

// ---- what the supervisor hears
// -------------------------------------------------------------------------------

void reply(Reply what, int number = 0, const int* fds = nullptr, int fd_count = 0) noexcept {
  ReplyMessage message = {what, number};
  IoVec iov = {&message, sizeof message};
  Passed passed = {};
  MsgHdr header = {nullptr, 0, &iov, 1, nullptr, 0, 0};
  if (fd_count > 0) {
    passed.header = {sizeof(CmsgHdr) + sizeof(int) * static_cast<unsigned>(fd_count), kSolSocket, kScmRights};
    for (int i = 0; i < fd_count; ++i) passed.fds[i] = fds[i];
    header.control = &passed;
    header.control_length = passed.header.length;
  }
  const Word sent = raw::call(SYS_sendmsg, kKeeperSocketFd, &header, kMsgNoSignal);
  if (sent >= 0 || fd_count == 0)
    return;  // without descriptors it fails only when nobody listens: see main loop
  // ETOOMANYREFS: other programs of our user have too many in flight. The supervisor has to hear of it.
  header.control = nullptr;
  header.control_length = 0;
  raw::call(SYS_sendmsg, kKeeperSocketFd, &header, kMsgNoSignal);
}

// ---- the calls we are told to make
// ---------------------------------------------------------------------------

/// Makes the calls in order; answers the index of the first that failed and had to succeed, or -1.
int perform(Call* calls, int count) noexcept {
  bool previous_failed = false;
  for (int i = 0; i < count; ++i) {
    Call& call = calls[i];
    if (call.only_if_failed != 0 && !previous_failed) {
      call.error = -1;
      continue;
    }
    Word args[6];
    for (int k = 0; k < 6; ++k) {
      const auto value = call.args[k];
      if (call.kinds[k] == Call::kBoard)
        args[k] = static_cast<Word>(kBoardAddress + value);
      else if (call.kinds[k] == Call::kSlot)
        args[k] = slots[value % kSlots];
      else
        args[k] = static_cast<Word>(value);
    }
    const Word rc = raw::syscall6(call.nr, args[0], args[1], args[2], args[3], args[4], args[5]);
    previous_failed = rc < 0;
    call.error = rc < 0 ? static_cast<std::int32_t>(-rc) : 0;
    if (rc < 0 && call.may_fail == 0) return i;
    if (rc < 0 || call.save_slot < 0) continue;
    slots[call.save_slot % kSlots] = static_cast<int>(rc);
    scratch_is_new |= call.save_slot == kSlotScratch;
  }
  return -1;
}

// ---- the run
// -------------------------------------------------------------------------------------------------

struct Run {
  bool active = false;
  bool ahead = false;   // its process was made before the run was there
  bool main_exited = false;
  bool ending = false;  // everything alive has been sent SIGKILL
  bool listening = false;
  int main_pid = 0;
  std::int64_t kill_again_ns = 0;  // when what is dying is killed once more; 0: not yet dying
};
Run run;

void note(const ReapedProcess& row) noexcept {
  RunReport& report = board().report;
  report.reaped += 1;
  report.cpu_ns += row.cpu_ns;
  report.user_ns += row.user_ns;
  report.system_ns += row.system_ns;
  if (row.max_rss_kib > report.max_rss_kib) report.max_rss_kib = row.max_rss_kib;
  if (run.ending && (row.status & 0x7f) == SIGKILL && row.pid != run.main_pid) report.killed_after += 1;

  if (report.row_count < kReapedRows) {
    report.rows[report.row_count++] = row;
    return;
  }
  int least = 0;
  for (int i = 1; i < kReapedRows; ++i) {
    if (report.rows[i].cpu_ns < report.rows[least].cpu_ns) least = i;
  }
  // The main process keeps its row: its exit is what the result is about.
  if (row.pid == run.main_pid ||
      (row.cpu_ns > report.rows[least].cpu_ns && report.rows[least].pid != run.main_pid)) {
    report.rows[least] = row;
  }
}

std::int64_t nanos(const __kernel_old_timeval& time) noexcept {
  return (time.tv_sec * 1'000'000 + time.tv_usec) * 1000;
}

/// Without a pid namespace kill(-1) would reach the whole machine. With the user's effective id it reaches
/// what that user has. The real id that nobody has and the saved one, which is ours, keep that user from
/// reaching us meanwhile (kernel/signal.c, kill_ok_by_cred), and without capabilities there is no more to it
/// than the ids.
void kill_all_of(std::uint32_t user) noexcept {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct held[2] = {};
  if (raw::call(SYS_capget, &header, held) < 0) return;
  __user_cap_data_struct bare[2] = {held[0], held[1]};
  for (auto& set : bare) set.effective = 0;
  if (raw::call(SYS_setresuid, user + kShadow, user, 0) < 0) return;
  if (raw::call(SYS_capset, &header, bare) >= 0) raw::call(SYS_kill, -1, SIGKILL);
  raw::call(SYS_setresuid, 0, 0, 0);
  raw::call(SYS_capset, &header, held);
  raw::call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);  // a change of ids makes it fs.suid_dumpable
}

void kill_everything() noexcept {
  run.ending = true;
  if (board().user != 0) return kill_all_of(board().user);
  // From pid 1 this is every other process of the namespace, in one pass under the kernel's task list lock: a
  // fork that runs beside it sees the pending signal and is not made (kernel/fork.c, copy_process). Not so in
  // gVisor: see wait_for_the_dying.
  raw::call(SYS_kill, -1, SIGKILL);
}

/// Puts /dev/null where the child's shared descriptors left something else.
void restore(int fd) noexcept { raw::call(SYS_dup3, slots[kSlotNull], fd, O_CLOEXEC); }

void drain_signals() noexcept {
  unsigned char drained[128 * 4];
  raw::call(SYS_read, signal_fd, drained, sizeof drained);
}

void stop_listening() noexcept {
  if (!run.listening) return;
  run.listening = false;
  restore(kKeeperListenerFd);
}

/// Somebody made a call that the filter does not even refuse: it asks. We never answer, so that call is never
/// made; what was asked is the record of the violation, and everything is killed.
void heed_violation() noexcept {
  // The kernel wants it zeroed, and fills its own idea of the structure, which may have grown.
  alignas(8) unsigned char buffer[256] = {};
  const Word received = raw::call(SYS_ioctl, kKeeperListenerFd, SECCOMP_IOCTL_NOTIF_RECV, buffer);
  if (received < 0) return;  // ENOENT: who made the call was interrupted or is dead, and did not make it
  const auto& notice = *reinterpret_cast<const seccomp_notif*>(buffer);
  ViolationRecord& record = board().report.violation;
  if (record.at_ns == 0) {
    record.nr = notice.data.nr;
    record.arch = notice.data.arch;
    for (int i = 0; i < 6; ++i) record.args[i] = notice.data.args[i];
    record.tid = static_cast<std::int32_t>(notice.pid);  // as our pid namespace numbers it
    record.at_ns = monotonic_ns();
  }
  kill_everything();
}

/// Waits for what is dying. Killed again every millisecond: gVisor makes the fork that a kill finds under way, and its
/// child, which no kill has met, would go on forking.
void wait_for_the_dying() noexcept {
  constexpr std::int64_t kMillisecondNs = 1'000'000;
  const std::int64_t now = monotonic_ns();
  if (run.kill_again_ns != 0 && now >= run.kill_again_ns) {
    kill_everything();
    run.kill_again_ns = 0;
  }
  if (run.kill_again_ns == 0) run.kill_again_ns = now + kMillisecondNs;
  PollFd children = {signal_fd, POLLIN, 0};
  const struct __kernel_timespec millisecond = {0, kMillisecondNs};
  if (raw::call(SYS_ppoll, &children, 1, &millisecond, nullptr, 8) > 0) drain_signals();
}

/// What comes next is not what a process was made ahead for.
void drop_ready() noexcept {
  if (!run.ahead || !withdraw(board().ready)) return;
  kill_everything();
  for (;;) {
    const Word pid = raw::call(SYS_wait4, -1, nullptr, __WALL, nullptr);
    if (pid < 0 && pid != -EINTR) break;  // ECHILD
  }
  run = Run{};
}

/// Reaps all that can be had. Ends the run once its main process is gone and nothing else is left.
void reap() noexcept {
  for (;;) {
    int status = 0;
    rusage usage = {};
    const Word pid = raw::call(SYS_wait4, -1, &status, WNOHANG | __WALL, &usage);
    // Once the main process is gone: ECHILD comes only when all others are as well, so there is nothing to kill.
    const bool left_behind = pid >= 0 && run.main_exited && !run.ending;
    if (pid == 0 && left_behind) {
      kill_everything();
      continue;
    }
    if (pid == 0 && run.ending && (!run.active || run.main_exited)) {
      wait_for_the_dying();
      continue;
    }
    if (pid == 0) return;  // the others are alive
    if (pid == -EINTR) continue;
    if (pid < 0) break;  // ECHILD: nobody is left

    if (run.ahead && pid == run.main_pid && withdraw(board().ready)) {  // was of no use, and nobody's run
      run.active = run.ahead = false;
      continue;
    }
    const std::int64_t user = nanos(usage.ru_utime);
    const std::int64_t system = nanos(usage.ru_stime);
    note(ReapedProcess{static_cast<std::int32_t>(pid), status, user + system, user, system, usage.ru_maxrss});
    if (run.active && pid == run.main_pid) {
      board().report.main_pid = run.main_pid;
      board().report.exit_ns = monotonic_ns();
      board().report.main_status = status;
      run.main_exited = true;
    } else if (left_behind) {
      kill_everything();
    }
  }
  if (run.active && run.main_exited) {
    stop_listening();
    board().report.quiet_ns = monotonic_ns();
    run = Run{};
    reply(Reply::kEnded);
  }
}

struct ChildStart {
  int stdio[3];
  int cgroup_procs_fd;
  bool ahead;
};
ChildStart child_start;
alignas(16) unsigned char child_stack[16384];

extern "C" [[noreturn]] void keeper_child_entry() noexcept {
  become_program(board(), child_start.stdio, child_start.cgroup_procs_fd, child_start.ahead);
}

/// The child begins on the stack it is given. With CLONE_VM | CLONE_VFORK, half the price of a fork, that lies in
/// our memory, and we sleep until its exec or exit.
Word clone3_child(const clone_args& args) noexcept {
#if defined(__x86_64__)
  Word result;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "call keeper_child_entry\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"(SYS_clone3), "D"(&args), "S"(sizeof args)
      : "rcx", "r11", "memory");
  return result;
#else
  register Word x8 asm("x8") = SYS_clone3;
  register Word x0 asm("x0") = (Word)&args;
  register Word x1 asm("x1") = sizeof args;
  asm volatile("svc 0\n\tcbnz x0, 1f\n\tbl keeper_child_entry\n\tbrk 0\n1:"
               : "+r"(x0)
               : "r"(x8), "r"(x1)
               : "memory", "x30");
  return x0;
#endif
}

Word clone_child(std::uint64_t flags, unsigned char* stack_top) noexcept {
#if defined(__x86_64__)
  Word result;
  register Word r10 asm("r10") = 0;
  register Word r8 asm("r8") = 0;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "call keeper_child_entry\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"(SYS_clone), "D"(flags), "S"(stack_top), "d"(0), "r"(r10), "r"(r8)
      : "rcx", "r11", "memory");
  return result;
#else
  register Word x8 asm("x8") = SYS_clone;
  register Word x0 asm("x0") = (Word)flags;
  register Word x1 asm("x1") = (Word)stack_top;
  register Word x2 asm("x2") = 0;
  register Word x3 asm("x3") = 0;
  register Word x4 asm("x4") = 0;
  asm volatile("svc 0\n\tcbnz x0, 1f\n\tbl keeper_child_entry\n\tbrk 0\n1:"
               : "+r"(x0)
               : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4)
               : "memory", "x30");
  return x0;
#endif
}

bool map_board(std::uint32_t from, Word size) noexcept {
  const Word where = static_cast<Word>(kBoardAddress + from);
  return raw::call(SYS_mmap, where, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE,
                   kKeeperBoardFd, from) == where;
}

/// What we had mapped for one run is where ru_maxrss of the next would start (fs/exec.c, exec_mmap); "5"
/// makes our peak what we have now (proc(5), clear_refs).
void forget_peak() noexcept {
  const Word fd = raw::call(SYS_openat, slots[kSlotProc], "self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;  // gVisor has none: it says more, never less
  raw::call(SYS_write, fd, "5", 1);
  raw::call(SYS_close, fd);
}

/// `ahead`: for Order::kMakeReady, to which there is no reply.
void start_run(const OrderMessage& order, const int* fds, bool ahead) noexcept {
  RunReport& report = board().report;
  int(&stdio)[3] = child_start.stdio;
  stdio[1] = *fds++;
  stdio[2] = *fds++;
  // Opened for each run: its flags and its owner (fcntl) are of nobody else's.
  stdio[0] = order.has_stdin != 0
                 ? *fds++
                 : static_cast<int>(raw::call(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC));
  const int cgroup_fd = order.has_cgroup_fd != 0 ? *fds++ : -1;
  child_start.cgroup_procs_fd = order.has_cgroup_fd == 2 ? cgroup_fd : -1;
  child_start.ahead = ahead;
  run = Run{};
  const auto close_all = [cgroup_fd]() noexcept {
    const int all[] = {child_start.stdio[0], child_start.stdio[1], child_start.stdio[2], cgroup_fd};
    int count = 0, first = 0x7fffffff, last = -1;
    for (const int fd : all) {
      if (fd < 0) continue;
      ++count;
      if (fd < first) first = fd;
      if (fd > last) last = fd;
    }
    // In a row, as they mostly are, they go by one call: under gVisor each takes 30 µs.
    if (last - first + 1 == count && raw::call(SYS_close_range, first, last, 0) >= 0) return;
    for (const int fd : all) {
      if (fd >= 0) raw::call(SYS_close, fd);
    }
  };
  const auto failed = [&](Step step, Word error, int detail) noexcept {
    if (ahead) {
      withdraw(board().ready);
      return;
    }
    report.failure = {step, static_cast<std::int32_t>(-error), detail};
    reply(Reply::kEnded);
  };
  const auto not_started = [&](Word error, Step step = Step::kClone) noexcept {
    close_all();
    failed(step, error, 0);
  };
  if (spoilt) return not_started(-ECANCELED);
  if (stdio[0] < 0) return not_started(stdio[0], Step::kStdio);

  // A huge argv lies beyond what we keep mapped; our child reads it there before its exec.
  const Word more = static_cast<Word>(board().plan.extent) - kBoardBytes;
  if (more > 0 && !map_board(kBoardBytes, more)) return not_started(-ENOMEM);

  // The next pid is one above what is written here (kernel/pid_namespace.c, pid_ns_ctl_handler): 2, after
  // ours.
  if (board().plan.restart_pids != 0) raw::call(SYS_pwrite64, kKeeperLastPidFd, "1", 1, 0);

  // Ours as well as the run's: a survey has to see what lies in it.
  if (board().plan.new_ipc != 0) {
    const Word unshared = raw::call(SYS_unshare, CLONE_NEWIPC);
    if (unshared < 0) return not_started(unshared);
  }

  // In gVisor a program may set the niceness of any process, ours included, and the next would inherit it.
  raw::call(SYS_setpriority, /*PRIO_PROCESS=*/0, 0, 0);

  const bool listens = board().plan.listener != Listener::kNobody;
  // Shared descriptors: the listener that the filter makes is then ours as well, for no extra call.
  const std::uint64_t flags = (ahead ? 0 : std::uint64_t{CLONE_VFORK}) |
                              (ahead && board().plan.own_memory != 0 ? 0 : std::uint64_t{CLONE_VM}) |
                              (listens ? std::uint64_t{CLONE_FILES} : 0) |
                              (board().plan.user_map != 0 ? std::uint64_t{CLONE_NEWUSER} : 0);
  if (listens) raw::call(SYS_close, kKeeperListenerFd);  // now the lowest that is free
  Word pid = -ENOSYS;
  if (order.has_cgroup_fd == 1) {
    clone_args args = {};
    args.flags = flags | CLONE_INTO_CGROUP;
    args.exit_signal = SIGCHLD;
    args.stack = reinterpret_cast<std::uint64_t>(child_stack);
    args.stack_size = sizeof child_stack;
    args.cgroup = static_cast<std::uint64_t>(cgroup_fd);
    pid = clone3_child(args);
  } else {
    pid = clone_child(flags | SIGCHLD, child_stack + sizeof child_stack);
  }
  close_all();
  if (listens) {
    for (int fd = 0; fd < 3; ++fd) restore(fd);
    const bool made = report.listener == kKeeperListenerFd;
    run.listening = made && board().plan.listener == Listener::kKeeper;
    if (made && !run.listening) reply(Reply::kListening, 0, &report.listener, 1);
    if (!run.listening) restore(kKeeperListenerFd);
  }
  if (more > 0) {
    raw::call(SYS_munmap, kBoardAddress + kBoardBytes, more);
    forget_peak();
  }

  if (pid < 0) {
    stop_listening();
    return failed(Step::kClone, pid, order.has_cgroup_fd);
  }
  run.active = true;
  run.ahead = ahead;
  run.main_pid = static_cast<int>(pid);
}

// ---- life
// ----------------------------------------------------------------------------------------------------

inline constexpr Word kDefaultTimerSlackNs = 50'000;  // init/init_task.c

/// Everything a program must not inherit and that need not be done again for each run. The supervisor reads
/// what did not work from the board and decides.
void renounce() noexcept {
  for (int signal = 1; signal <= 64; ++signal) {
    const struct {
      void* handler;
      unsigned long flags;
      void* restorer;
      std::uint64_t mask;
    } by_default = {};
    raw::call(SYS_rt_sigaction, signal, &by_default, nullptr,
              8);  // SIGKILL and SIGSTOP refuse; they have no other
  }
  const std::uint64_t all = ~std::uint64_t{0};
  raw::call(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, sizeof all);
  raw::call(SYS_umask, 022);
  raw::call(SYS_personality, 0);
  // A supervisor that was started niced, or told to be lax with its timers, hands neither on.
  raw::call(SYS_setpriority, /*PRIO_PROCESS=*/0, 0, 0);
  raw::call(SYS_prctl, PR_SET_TIMERSLACK, kDefaultTimerSlackNs, 0, 0, 0);

  Renounced& out = board().renounced;
  const auto error = [](Word rc) noexcept { return rc < 0 ? static_cast<std::int32_t>(-rc) : 0; };
  out.dumpable = error(raw::call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0));
  out.keyring = error(raw::call(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr));
  raw::call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0,
            0);  // EINVAL where there is no such set
  out.securebits = error(raw::call(SYS_prctl, PR_SET_SECUREBITS, kSecurebits, 0, 0, 0));
  int capability = 0;
  Word dropped = 0;
  while ((dropped = raw::call(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0)) >= 0) ++capability;
  out.bounding_set =
      dropped == -EINVAL && capability > 0 ? 0 : error(dropped);  // EINVAL: past the last capability
  out.no_new_privs = error(raw::call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

[[noreturn]] void farewell() noexcept {
  kill_everything();
  run.active = false;
  reap();
  perform(reinterpret_cast<Call*>(at(board().farewell)), static_cast<int>(board().farewell_count));
  leave(0);
}

void obey() noexcept {
  OrderMessage order = {};
  IoVec iov = {&order, sizeof order};
  Passed passed = {};
  MsgHdr header = {nullptr, 0, &iov, 1, &passed, sizeof passed, 0};
  const Word length = raw::call(SYS_recvmsg, kKeeperSocketFd, &header, kMsgCmsgCloexec);
  if (length == -EINTR) return;
  if (length != static_cast<Word>(sizeof order)) farewell();  // end of file: the supervisor is gone

  switch (order.order) {
    case Order::kPerform: {
      drop_ready();
      auto* calls = reinterpret_cast<Call*>(at(order.where));
      if (spoilt) calls->error = ECANCELED;
      const int failed = spoilt ? 0 : perform(calls, order.number);
      spoilt = failed >= 0;
      reply(Reply::kPerformed, failed, &slots[kSlotScratch], scratch_is_new ? 1 : 0);
      scratch_is_new = false;
      if (slots[kSlotOldScratch] >= 0) {
        raw::call(SYS_close, slots[kSlotOldScratch]);
        slots[kSlotOldScratch] = -1;
      }
      break;
    }
    case Order::kRun:
      drop_ready();
      start_run(order, passed.fds, /*ahead=*/false);
      break;
    case Order::kMakeReady:
      start_run(order, passed.fds, /*ahead=*/true);
      break;
    case Order::kSurvey:
      survey(board(), slots[kSlotProc], order.number);
      reply(Reply::kSurveyed);
      break;
    case Order::kKill:
      if (run.active) kill_everything();
      break;
  }
}

[[noreturn]] void keep() noexcept {
  if (!map_board(0, kBoardBytes)) leave(2);
  renounce();
  const std::uint64_t child_signal = std::uint64_t{1} << (SIGCHLD - 1);
  signal_fd = static_cast<int>(
      raw::call(SYS_signalfd4, -1, &child_signal, sizeof child_signal, O_CLOEXEC | O_NONBLOCK));
  if (signal_fd < 0) leave(3);
  if (board().user != 0) {
    const Word adopts = raw::call(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (adopts < 0) leave(4);
  } else {
    // Here and not in the clone that made us, so that the supervisor has its hands free: a net namespace is
    // dearer than all others together.
    const Word unshared = raw::call(SYS_unshare, CLONE_NEWNET);
    board().renounced.network = unshared < 0 ? static_cast<std::int32_t>(-unshared) : 0;
  }

  for (;;) {
    PollFd fds[3] = {{kKeeperSocketFd, POLLIN, 0},
                     {signal_fd, POLLIN, 0},
                     {run.listening ? kKeeperListenerFd : -1, POLLIN, 0}};
    raw::call(SYS_ppoll, fds, 3, nullptr, nullptr, 8);
    // Before reaping: who made the call may be followed by the end of the run.
    if ((fds[2].revents & POLLIN) != 0) {
      heed_violation();
    } else if (fds[2].revents != 0) {
      stop_listening();  // POLLHUP: nobody who could be heard is left
    }
    if (fds[1].revents != 0) {
      reap();
      drain_signals();
      reap();  // who died in between; the first of them answers the supervisor, who need not wait for more
    }
    if (fds[0].revents != 0) obey();
  }
}

}  // namespace
}  // namespace bailiff

extern "C" [[noreturn]] void _start() { bailiff::keep(); }
