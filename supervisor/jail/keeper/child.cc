#include "jail/keeper/child.h"

#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/time.h>

#include "jail/keeper/syscall.h"

namespace bailiff {
namespace {

raw::Word wake(ReadyWord& ready) noexcept {
  return raw::call(SYS_futex, &ready.value, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

/// Ends a process that waits for a run, unless its run has begun.
void leave_unless_begun(ReadyWord& ready) noexcept {
  if (!withdraw(ready)) return;
  for (;;) raw::call(SYS_exit_group, 127);
}

/// Under the program's filter, which has to allow futex(2): one that forbids it is met before anybody counts on us.
void await_go(ReadyWord& ready) noexcept {
  if (wake(ready) < 0) return leave_unless_begun(ready);
  ready.change(Ready::kMaking, Ready::kWaiting);
  wake(ready);
  while (ready.now() == Ready::kWaiting) {
    const raw::Word waited = raw::call(SYS_futex, &ready.value, FUTEX_WAIT, Ready::kWaiting, nullptr, nullptr, 0);
    if (waited < 0 && waited != -EAGAIN && waited != -EINTR) break;
  }
  leave_unless_begun(ready);
}

/// Reports the first failing step and ends the child. Nothing after a failed step may run.
class Must {
 public:
  /// `ready`: of a process that is made ahead. Before its run is there, a report would be about nothing.
  Must(RunReport& report, ReadyWord* ready) noexcept : report_(report), ready_(ready) {}

  void operator()(Step step, raw::Word rc, int detail = 0) const noexcept {
    if (rc >= 0) return;
    if (ready_ != nullptr) leave_unless_begun(*ready_);
    // The report lies in memory the keeper reads after we are gone: no signal, exit code or pipe can be
    // mistaken for it, and the program cannot write it, because its exec leaves this memory behind.
    report_.failure = StepFailure{step, static_cast<std::int32_t>(-rc), detail};
    for (;;) raw::call(SYS_exit_group, 127);
  }

 private:
  RunReport& report_;
  ReadyWord* ready_;
};

std::int64_t now(int clock) noexcept {
  struct __kernel_timespec time = {};
  raw::call(SYS_clock_gettime, clock, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

/// The program is the first to go when the host runs out of memory. Raising one's own score needs no
/// privilege.
raw::Word raise_oom_score(int adjustment) noexcept {
  char text[8];
  int length = 0;
  for (int divisor = 1000; divisor > 0; divisor /= 10) {
    text[length++] = static_cast<char>('0' + adjustment / divisor % 10);
  }
  const raw::Word fd = raw::call(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY);
  if (fd < 0) return fd;
  const raw::Word written = raw::call(SYS_write, fd, text, length);
  raw::call(SYS_close, fd);
  return written;
}

/// In a user namespace just made: the one id outside becomes the program's inside. setgroups is denied there,
/// as it is around us (user_namespaces(7)).
raw::Word write_map(const char* path, const char* line) noexcept {
  int length = 0;
  while (line[length] != 0) ++length;
  const raw::Word fd = raw::call(SYS_openat, AT_FDCWD, path, O_WRONLY);
  if (fd < 0) return fd;
  const raw::Word written = raw::call(SYS_write, fd, line, length);
  raw::call(SYS_close, fd);
  return written;
}

/// What the keeper gave up, a new user namespace gives back, though only inside itself.
raw::Word renounce_again() noexcept {
  for (int capability = 0;; ++capability) {
    const raw::Word dropped = raw::call(SYS_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (dropped == -EINVAL && capability > 0) break;  // past the last one
    if (dropped < 0) return dropped;
  }
  return raw::call(SYS_prctl, PR_SET_SECUREBITS, kSecurebits, 0, 0, 0);
}

/// The program's view of the files where it has no root of its own. A path that is not there needs no rule.
/// Leaves no descriptor: they may be the keeper's as well, who expects the listener at the lowest that is
/// free.
raw::Word restrict_files(const ChildPlan& plan, char* base) noexcept {
  const std::uint64_t attributes[3] = {plan.landlock_handled, 0,
                                       0};  // files, net, scope: struct landlock_ruleset_attr
  const raw::Word ruleset = raw::call(SYS_landlock_create_ruleset, attributes, sizeof attributes, 0);
  if (ruleset < 0) return ruleset;
  const auto* rules = reinterpret_cast<const LandlockRule*>(base + plan.landlock);
  for (std::uint32_t i = 0; i < plan.landlock_count; ++i) {
    const raw::Word fd = raw::call(SYS_openat, AT_FDCWD, base + rules[i].path, O_PATH | O_CLOEXEC, 0);
    if (fd == -ENOENT || fd == -EACCES) continue;  // or in a directory that is closed to the program as well
    if (fd < 0) return fd;
    landlock_path_beneath_attr beneath = {};
    beneath.allowed_access = rules[i].access;
    beneath.parent_fd = static_cast<std::int32_t>(fd);
    const raw::Word added =
        raw::call(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    if (added < 0) return added;
    raw::call(SYS_close, fd);
  }
  const raw::Word restricted = raw::call(SYS_landlock_restrict_self, ruleset, 0);
  raw::call(SYS_close, ruleset);
  return restricted;
}

}  // namespace

bool withdraw(ReadyWord& ready) noexcept {
  for (Ready now; (now = ready.now()) != Ready::kGone;) {
    if (now == Ready::kGo) return false;
    ready.change(now, Ready::kGone);
  }
  wake(ready);
  return true;
}

void become_program(Board& board, const int (&stdio)[3], int cgroup_procs_fd, bool ahead) noexcept {
  char* const base = reinterpret_cast<char*>(&board);
  const ChildPlan& plan = board.plan;
  const Must must(board.report, ahead ? &board.ready : nullptr);
  const bool listens = plan.listener != Listener::kNobody;

  if (plan.user_map != 0) {
    must(Step::kUserNamespace, write_map("/proc/self/uid_map", base + plan.user_map));
    must(Step::kUserNamespace, write_map("/proc/self/gid_map", base + plan.user_map));
    must(Step::kCapabilities, renounce_again());
  }
  must(Step::kSession, raw::call(SYS_setsid));
  if (plan.new_keyring != 0)
    must(Step::kKeyring, raw::call(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr));
  if (cgroup_procs_fd >= 0) must(Step::kCgroup, raw::call(SYS_write, cgroup_procs_fd, "0", 1));
  // In its leaf by now, which becomes all that it sees of the tree. Not the keeper's to make: where cgroup v2
  // is mounted with nsdelegate, nobody is cloned out of a namespace into a group outside of it
  // (cgroup-v2.rst, "Delegation"). Hides names only.
  const bool has_cgroup_namespace =
      plan.new_cgroup_namespace != 0 && raw::call(SYS_unshare, CLONE_NEWCGROUP) >= 0;
  for (int to = 0; to < 3; ++to) must(Step::kStdio, raw::call(SYS_dup3, stdio[to], to, 0), to);
  if (plan.oom_score_adj > 0) must(Step::kOomScore, raise_oom_score(plan.oom_score_adj));

  if (plan.landlock != 0)
    must(Step::kLandlock, restrict_files(plan, base));  // RLIMIT_NOFILE may be 4 from here on

  const auto* rlimits = reinterpret_cast<const RlimitOrder*>(base + plan.rlimits);
  for (std::uint32_t i = 0; i < plan.rlimit_count; ++i) {
    must(Step::kRlimit, raw::call(SYS_prlimit64, 0, rlimits[i].resource, &rlimits[i].soft, nullptr),
         rlimits[i].resource);
  }

  // Groups, then gid, then uid: each needs the privilege the next one gives up. The capabilities go by hand:
  // the keeper locked SECBIT_NO_SETUID_FIXUP, so that no uid change ever moves one. Its bounding, inheritable
  // and ambient sets are empty already, and it set no_new_privs.
  if (plan.user_map == 0) must(Step::kGroups, raw::call(SYS_setgroups, 0, nullptr));
  must(Step::kGid, raw::call(SYS_setresgid, plan.gid, plan.gid, plan.gid));
  must(Step::kUid, raw::call(SYS_setresuid, plan.uid, plan.uid, plan.uid));
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  must(Step::kCapabilities, raw::call(SYS_capset, &header, none));

  // Entered as the program's own user, so that the box's permissions decide where it may stand.
  must(Step::kWorkdir, raw::call(SYS_chdir, base + plan.workdir));

  const std::uint64_t no_signals = 0;
  must(Step::kSignals,
       raw::call(SYS_rt_sigprocmask, /*SIG_SETMASK=*/2, &no_signals, nullptr, sizeof no_signals));

  // Closes rather than marks close-on-exec: gVisor knows no CLOSE_RANGE_CLOEXEC, and nothing here is needed
  // again. It also reads the last number as signed (20240729: ~0U is EINVAL).
  // With a listener the descriptors are still the keeper's: exec takes a copy of them and closes the copies
  // (fs/exec.c, begin_new_exec), but for the listener, which has close-on-exec from the kernel.
  must(Step::kCloseFds, raw::call(SYS_close_range, 3, 0x7fffffff, listens ? CLOSE_RANGE_CLOEXEC : 0));

  std::int32_t listener = 0;
  if (plan.filter != 0) {  // last: the filter may forbid every call above
    const sock_fprog program = {static_cast<unsigned short>(plan.filter_length),
                                reinterpret_cast<sock_filter*>(base + plan.filter)};
    const raw::Word flags = listens ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
    const raw::Word loaded = raw::call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    must(Step::kSeccomp, loaded);
    listener = static_cast<std::int32_t>(loaded);
  }

  if (ahead) await_go(board.ready);
  board.report.listener = listener;
  board.report.has_cgroup_namespace = has_cgroup_namespace;
  board.report.pre_exec_cpu_ns = now(CLOCK_PROCESS_CPUTIME_ID);
  board.report.exec_ns = now(CLOCK_MONOTONIC);
  must(Step::kExec, raw::call(SYS_execve, base + plan.path, base + plan.argv, base + plan.envp));
  __builtin_unreachable();
}

}  // namespace bailiff
