#include "seccomp/calls.h"

#include <seccomp.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace bailiff {
namespace {

struct Supplement {
  std::string_view name;
  std::uint32_t number;
  bool x86_64_only = false;
};

// Calls newer than libseccomp 2.5, so that a profile can name them. From 424 on, every machine numbers alike.
// Source: Linux 7.0, scripts/syscall.tbl and arch/x86/entry/syscalls/syscall_64.tbl.
constexpr Supplement kSupplement[] = {
    {"uretprobe", 335, true},   {"uprobe", 336, true},
    {"futex_waitv", 449},       {"set_mempolicy_home_node", 450},
    {"cachestat", 451},         {"fchmodat2", 452},
    {"map_shadow_stack", 453},  {"futex_wake", 454},
    {"futex_wait", 455},        {"futex_requeue", 456},
    {"statmount", 457},         {"listmount", 458},
    {"lsm_get_self_attr", 459}, {"lsm_set_self_attr", 460},
    {"lsm_list_modules", 461},  {"mseal", 462},
    {"setxattrat", 463},        {"getxattrat", 464},
    {"listxattrat", 465},       {"removexattrat", 466},
    {"open_tree_attr", 467},    {"file_getattr", 468},
    {"file_setattr", 469},      {"listns", 470},
    {"rseq_slice_yield", 471},
};

// One line per call: its arguments in order, a star before those that are addresses. A filter sees an
// address, not what is stored there, and the program may change that after the check; so nobody may filter on
// one. Only calls that a profile may sensibly look into; `find_argument` refuses the others by name.
constexpr std::string_view kSignatures[] = {
    "accept4(fd, *address, *address_length, flags)",
    "access(*path, mode)",
    "alarm(seconds)",
    "arch_prctl(code, address)",
    "bind(fd, *address, address_length)",
    "bpf(cmd, *attr, size)",
    "brk(*address)",
    "capget(*header, *data)",
    "capset(*header, *data)",
    "chmod(*path, mode)",
    "clock_adjtime(clock, *timex)",
    "clock_getres(clock, *resolution)",
    "clock_gettime(clock, *time)",
    "clock_nanosleep(clock, flags, *request, *remain)",
    "clock_settime(clock, *time)",
    // x86_64 and aarch64 disagree about the order of the last two; both are addresses on both.
    "clone(flags, *stack, *parent_tid, *child_tid, *tls)",
    "clone3(*args, size)",
    "close(fd)",
    "close_range(first, last, flags)",
    "connect(fd, *address, address_length)",
    "copy_file_range(fd_in, *offset_in, fd_out, *offset_out, length, flags)",
    "creat(*path, mode)",
    "dup(fd)",
    "dup2(fd, new_fd)",
    "dup3(fd, new_fd, flags)",
    "epoll_create(size)",
    "epoll_create1(flags)",
    "epoll_ctl(epoll_fd, op, fd, *event)",
    "epoll_pwait(epoll_fd, *events, max_events, timeout, *sigmask, sigset_size)",
    "epoll_wait(epoll_fd, *events, max_events, timeout)",
    "eventfd2(initial, flags)",
    "execve(*path, *argv, *envp)",
    "execveat(dirfd, *path, *argv, *envp, flags)",
    "exit(status)",
    "exit_group(status)",
    "faccessat(dirfd, *path, mode)",
    "faccessat2(dirfd, *path, mode, flags)",
    "fallocate(fd, mode, offset, length)",
    "fanotify_init(flags, event_flags)",
    "fchdir(fd)",
    "fchmod(fd, mode)",
    "fchmodat(dirfd, *path, mode)",
    "fchown(fd, uid, gid)",
    "fchownat(dirfd, *path, uid, gid, flags)",
    "fcntl(fd, cmd, arg)",
    "flock(fd, operation)",
    "fsmount(fs_fd, flags, attr_flags)",
    "fstat(fd, *statbuf)",
    "ftruncate(fd, length)",
    "futex(*address, op, value, *timeout, *address2, value3)",
    "get_mempolicy(*mode, *nodemask, max_node, *address, flags)",
    "getitimer(which, *value)",
    "getpgid(pid)",
    "getpriority(which, who)",
    "getrandom(*buffer, length, flags)",
    "getrlimit(resource, *limit)",
    "getrusage(who, *usage)",
    "getsid(pid)",
    "getsockopt(fd, level, name, *value, *length)",
    "inotify_init1(flags)",
    "ioctl(fd, request, *arg)",
    "ioperm(from, count, on)",
    "iopl(level)",
    "ioprio_set(which, who, ioprio)",
    "kcmp(pid1, pid2, type, index1, index2)",
    "keyctl(operation, arg2, arg3, arg4, arg5)",
    "kill(pid, sig)",
    "landlock_create_ruleset(*attr, size, flags)",
    "linkat(old_dirfd, *old_path, new_dirfd, *new_path, flags)",
    "listen(fd, backlog)",
    "lseek(fd, offset, whence)",
    "madvise(*address, length, advice)",
    "mbind(*address, length, mode, *nodemask, max_node, flags)",
    "membarrier(cmd, flags, cpu)",
    "memfd_create(*name, flags)",
    "mkdirat(dirfd, *path, mode)",
    "mknod(*path, mode, device)",
    "mknodat(dirfd, *path, mode, device)",
    "mlock2(*address, length, flags)",
    "mlockall(flags)",
    "mmap(*address, length, prot, flags, fd, offset)",
    "modify_ldt(function, *pointer, count)",
    "mount(*source, *target, *type, flags, *options)",
    "move_pages(pid, count, *pages, *nodes, *status, flags)",
    "mprotect(*address, length, prot)",
    "mremap(*old_address, old_length, new_length, flags, *new_address)",
    "msgctl(id, cmd, *buffer)",
    "msgget(key, flags)",
    "msync(*address, length, flags)",
    "newfstatat(dirfd, *path, *statbuf, flags)",
    "open(*path, flags, mode)",
    "open_tree(dirfd, *path, flags)",
    "openat(dirfd, *path, flags, mode)",
    "openat2(dirfd, *path, *how, size)",
    "perf_event_open(*attr, pid, cpu, group_fd, flags)",
    "personality(persona)",
    "pidfd_open(pid, flags)",
    "pidfd_send_signal(pidfd, sig, *info, flags)",
    "pipe2(*fds, flags)",
    "pkey_alloc(flags, rights)",
    "pkey_mprotect(*address, length, prot, key)",
    "prctl(option, arg2, arg3, arg4, arg5)",
    "pread64(fd, *buffer, count, offset)",
    "prlimit64(pid, resource, *new_limit, *old_limit)",
    "ptrace(request, pid, *address, *data)",
    "pwrite64(fd, *buffer, count, offset)",
    "quotactl(cmd, *special, id, *address)",
    "read(fd, *buffer, count)",
    "readv(fd, *vectors, count)",
    "recvfrom(fd, *buffer, length, flags, *address, *address_length)",
    "recvmsg(fd, *message, flags)",
    "renameat2(old_dirfd, *old_path, new_dirfd, *new_path, flags)",
    "rseq(*rseq, length, flags, signature)",
    "rt_sigaction(sig, *action, *old_action, sigset_size)",
    "rt_sigprocmask(how, *set, *old_set, sigset_size)",
    "rt_sigqueueinfo(pid, sig, *info)",
    "rt_tgsigqueueinfo(pid, tid, sig, *info)",
    "sched_getaffinity(pid, size, *mask)",
    "sched_setaffinity(pid, size, *mask)",
    "sched_setattr(pid, *attr, flags)",
    "sched_setparam(pid, *param)",
    "sched_setscheduler(pid, policy, *param)",
    "seccomp(operation, flags, *args)",
    "semctl(id, number, cmd, *arg)",
    "semget(key, count, flags)",
    "sendmsg(fd, *message, flags)",
    "sendto(fd, *buffer, length, flags, *address, address_length)",
    "set_mempolicy(mode, *nodemask, max_node)",
    "setgid(gid)",
    "setitimer(which, *new_value, *old_value)",
    "setns(fd, type)",
    "setpgid(pid, pgid)",
    "setpriority(which, who, priority)",
    "setregid(rgid, egid)",
    "setresgid(rgid, egid, sgid)",
    "setresuid(ruid, euid, suid)",
    "setreuid(ruid, euid)",
    "setrlimit(resource, *limit)",
    "setsockopt(fd, level, name, *value, length)",
    "setuid(uid)",
    "shmat(id, *address, flags)",
    "shmctl(id, cmd, *buffer)",
    "shmget(key, size, flags)",
    "shutdown(fd, how)",
    "signalfd4(fd, *mask, size, flags)",
    "socket(domain, type, protocol)",
    "socketpair(domain, type, protocol, *fds)",
    "splice(fd_in, *offset_in, fd_out, *offset_out, length, flags)",
    "statx(dirfd, *path, flags, mask, *statx)",
    "sync_file_range(fd, offset, length, flags)",
    "syslog(type, *buffer, length)",
    "tee(fd_in, fd_out, length, flags)",
    "tgkill(pid, tid, sig)",
    "timer_create(clock, *event, *id)",
    "timerfd_create(clock, flags)",
    "timerfd_settime(fd, flags, *new_value, *old_value)",
    "tkill(tid, sig)",
    "truncate(*path, length)",
    "umask(mask)",
    "umount2(*target, flags)",
    "unlinkat(dirfd, *path, flags)",
    "unshare(flags)",
    "userfaultfd(flags)",
    "vmsplice(fd, *vectors, count, flags)",
    "wait4(pid, *status, options, *usage)",
    "waitid(which, pid, *info, options, *usage)",
    "write(fd, *buffer, count)",
    "writev(fd, *vectors, count)",
};

std::uint32_t scmp_arch(Arch arch) { return arch == Arch::kX86_64 ? SCMP_ARCH_X86_64 : SCMP_ARCH_AARCH64; }

const Supplement* find_supplement(Arch arch, std::string_view name) {
  for (const Supplement& call : kSupplement) {
    if (call.name == name && (arch == Arch::kX86_64 || !call.x86_64_only)) return &call;
  }
  return nullptr;
}

std::string text_of(std::string_view call) { return std::string(call); }

}  // namespace

std::string_view arch_name(Arch arch) { return arch == Arch::kX86_64 ? "x86_64" : "aarch64"; }

std::optional<Arch> arch_from_name(std::string_view name) {
  for (const Arch arch : kArches) {
    if (arch_name(arch) == name) return arch;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> call_number(Arch arch, std::string_view name) {
  // Negative: unknown, or a call that only other machines have.
  const int number = ::seccomp_syscall_resolve_name_arch(scmp_arch(arch), text_of(name).c_str());
  if (number >= 0) return static_cast<std::uint32_t>(number);
  if (const Supplement* call = find_supplement(arch, name)) return call->number;
  return std::nullopt;
}

std::optional<std::string> call_name(Arch arch, std::uint32_t number) {
  if (number >= kBeyondAllNames) return std::nullopt;
  const std::unique_ptr<char, decltype(&std::free)> name(
      ::seccomp_syscall_resolve_num_arch(scmp_arch(arch), static_cast<int>(number)), &std::free);
  if (name) return std::string(name.get());
  for (const Supplement& call : kSupplement) {
    if (call.number == number && find_supplement(arch, call.name)) return std::string(call.name);
  }
  return std::nullopt;
}

std::vector<NumberRange> unknown_numbers(Arch arch) {
  std::vector<NumberRange> ranges;
  for (std::uint32_t number = 0; number < kBeyondAllNames; ++number) {
    if (call_name(arch, number)) continue;
    if (!ranges.empty() && ranges.back().last + 1 == number) {
      ranges.back().last = number;
    } else {
      ranges.push_back({number, number});
    }
  }
  ranges.back().last = UINT32_MAX;
  return ranges;
}

Result<Argument> find_argument(std::string_view call, std::string_view which) {
  const auto signature = std::ranges::find_if(kSignatures, [call](std::string_view line) {
    return line.size() > call.size() && line.starts_with(call) && line[call.size()] == '(';
  });
  if (signature == std::end(kSignatures)) {
    return request_error("arg",
                         "the arguments of " + text_of(call) +
                             " are not listed (seccomp/calls.cc): nobody has said which are addresses");
  }

  std::string_view rest = signature->substr(call.size() + 1);
  rest.remove_suffix(1);  // the closing parenthesis
  for (unsigned index = 0; !rest.empty(); ++index) {
    const std::size_t comma = std::min(rest.find(", "), rest.size());
    std::string_view name = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 2, rest.size()));

    const bool pointer = name.starts_with('*');
    if (pointer) name.remove_prefix(1);
    if (which == name || which == std::to_string(index)) {
      return Argument{index, pointer ? ArgumentKind::kPointer : ArgumentKind::kInteger};
    }
  }
  return request_error("arg",
                       text_of(call) + " has no argument " + text_of(which) + ": " + text_of(*signature));
}

}  // namespace bailiff
