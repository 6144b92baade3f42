#include "seccomp/constants.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <linux/tty.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <string>
#include <utility>

namespace bailiff {
namespace {

struct Constant {
  std::string_view name;
  long long value;
};

// The same on every machine we build for, so the build machine's headers are right for all.
constexpr Constant kEverywhere[] = {
    // sched.h, linux/sched.h
    {"CLONE_VM", CLONE_VM},
    {"CLONE_FS", CLONE_FS},
    {"CLONE_FILES", CLONE_FILES},
    {"CLONE_SIGHAND", CLONE_SIGHAND},
    {"CLONE_PIDFD", CLONE_PIDFD},
    {"CLONE_PTRACE", CLONE_PTRACE},
    {"CLONE_VFORK", CLONE_VFORK},
    {"CLONE_PARENT", CLONE_PARENT},
    {"CLONE_THREAD", CLONE_THREAD},
    {"CLONE_NEWNS", CLONE_NEWNS},
    {"CLONE_SYSVSEM", CLONE_SYSVSEM},
    {"CLONE_SETTLS", CLONE_SETTLS},
    {"CLONE_PARENT_SETTID", CLONE_PARENT_SETTID},
    {"CLONE_CHILD_CLEARTID", CLONE_CHILD_CLEARTID},
    {"CLONE_DETACHED", CLONE_DETACHED},
    {"CLONE_UNTRACED", CLONE_UNTRACED},
    {"CLONE_CHILD_SETTID", CLONE_CHILD_SETTID},
    {"CLONE_NEWCGROUP", CLONE_NEWCGROUP},
    {"CLONE_NEWUTS", CLONE_NEWUTS},
    {"CLONE_NEWIPC", CLONE_NEWIPC},
    {"CLONE_NEWUSER", CLONE_NEWUSER},
    {"CLONE_NEWPID", CLONE_NEWPID},
    {"CLONE_NEWNET", CLONE_NEWNET},
    {"CLONE_NEWTIME", CLONE_NEWTIME},
    {"CLONE_IO", CLONE_IO},
    {"SCHED_OTHER", SCHED_OTHER},
    {"SCHED_FIFO", SCHED_FIFO},
    {"SCHED_RR", SCHED_RR},
    {"SCHED_BATCH", SCHED_BATCH},
    {"SCHED_IDLE", SCHED_IDLE},
    {"SCHED_DEADLINE", SCHED_DEADLINE},
    {"SCHED_RESET_ON_FORK", SCHED_RESET_ON_FORK},
    // signal.h
    {"SIGHUP", SIGHUP},
    {"SIGINT", SIGINT},
    {"SIGQUIT", SIGQUIT},
    {"SIGILL", SIGILL},
    {"SIGTRAP", SIGTRAP},
    {"SIGABRT", SIGABRT},
    {"SIGBUS", SIGBUS},
    {"SIGFPE", SIGFPE},
    {"SIGKILL", SIGKILL},
    {"SIGUSR1", SIGUSR1},
    {"SIGSEGV", SIGSEGV},
    {"SIGUSR2", SIGUSR2},
    {"SIGPIPE", SIGPIPE},
    {"SIGALRM", SIGALRM},
    {"SIGTERM", SIGTERM},
    {"SIGCHLD", SIGCHLD},
    {"SIGCONT", SIGCONT},
    {"SIGSTOP", SIGSTOP},
    {"SIGTSTP", SIGTSTP},
    {"SIGURG", SIGURG},
    {"SIGXCPU", SIGXCPU},
    {"SIGXFSZ", SIGXFSZ},
    {"SIGIO", SIGIO},
    {"SIGSYS", SIGSYS},
    // sys/socket.h, linux/in.h
    {"AF_UNSPEC", AF_UNSPEC},
    {"AF_UNIX", AF_UNIX},
    {"AF_INET", AF_INET},
    {"AF_INET6", AF_INET6},
    {"AF_NETLINK", AF_NETLINK},
    {"AF_PACKET", AF_PACKET},
    {"AF_ALG", AF_ALG},
    {"AF_VSOCK", AF_VSOCK},
    {"AF_KEY", AF_KEY},
    {"AF_XDP", AF_XDP},
    {"AF_TIPC", AF_TIPC},
    {"AF_BLUETOOTH", AF_BLUETOOTH},
    {"AF_CAN", AF_CAN},
    {"AF_RDS", AF_RDS},
    {"AF_SMC", AF_SMC},
    {"AF_QIPCRTR", AF_QIPCRTR},
    {"AF_KCM", AF_KCM},
    {"SOCK_STREAM", SOCK_STREAM},
    {"SOCK_DGRAM", SOCK_DGRAM},
    {"SOCK_RAW", SOCK_RAW},
    {"SOCK_RDM", SOCK_RDM},
    {"SOCK_SEQPACKET", SOCK_SEQPACKET},
    {"SOCK_DCCP", SOCK_DCCP},
    {"SOCK_PACKET", SOCK_PACKET},
    {"SOCK_NONBLOCK", SOCK_NONBLOCK},
    {"SOCK_CLOEXEC", SOCK_CLOEXEC},
    {"IPPROTO_IP", IPPROTO_IP},
    {"IPPROTO_ICMP", IPPROTO_ICMP},
    {"IPPROTO_TCP", IPPROTO_TCP},
    {"IPPROTO_UDP", IPPROTO_UDP},
    {"IPPROTO_ICMPV6", IPPROTO_ICMPV6},
    {"IPPROTO_SCTP", IPPROTO_SCTP},
    {"IPPROTO_MPTCP", IPPROTO_MPTCP},
    {"SOL_SOCKET", SOL_SOCKET},
    {"SO_REUSEADDR", SO_REUSEADDR},
    {"SO_KEEPALIVE", SO_KEEPALIVE},
    {"SO_ATTACH_FILTER", SO_ATTACH_FILTER},
    {"SO_ATTACH_BPF", SO_ATTACH_BPF},
    {"SO_TIMESTAMPING", SO_TIMESTAMPING},
    {"MSG_OOB", MSG_OOB},
    {"MSG_PEEK", MSG_PEEK},
    {"MSG_DONTWAIT", MSG_DONTWAIT},
    {"MSG_NOSIGNAL", MSG_NOSIGNAL},
    {"MSG_ZEROCOPY", MSG_ZEROCOPY},
    {"SHUT_RD", SHUT_RD},
    {"SHUT_WR", SHUT_WR},
    {"SHUT_RDWR", SHUT_RDWR},
    // sys/ioctl.h, linux/tty.h
    {"TCGETS", TCGETS},
    {"TCSETS", TCSETS},
    {"TCSETSW", TCSETSW},
    {"TCSETSF", TCSETSF},
    {"TIOCSTI", TIOCSTI},
    {"TIOCLINUX", TIOCLINUX},
    {"TIOCCONS", TIOCCONS},
    {"TIOCSETD", TIOCSETD},
    {"TIOCSCTTY", TIOCSCTTY},
    {"TIOCGWINSZ", TIOCGWINSZ},
    {"TIOCSWINSZ", TIOCSWINSZ},
    {"TIOCGPGRP", TIOCGPGRP},
    {"TIOCSPGRP", TIOCSPGRP},
    {"TIOCGPTN", TIOCGPTN},
    {"FIONREAD", FIONREAD},
    {"FIONBIO", FIONBIO},
    {"FIOCLEX", FIOCLEX},
    {"FIONCLEX", FIONCLEX},
    {"FIOASYNC", FIOASYNC},
    // sys/mman.h
    {"PROT_NONE", PROT_NONE},
    {"PROT_READ", PROT_READ},
    {"PROT_WRITE", PROT_WRITE},
    {"PROT_EXEC", PROT_EXEC},
    {"MAP_SHARED", MAP_SHARED},
    {"MAP_PRIVATE", MAP_PRIVATE},
    {"MAP_SHARED_VALIDATE", MAP_SHARED_VALIDATE},
    {"MAP_FIXED", MAP_FIXED},
    {"MAP_FIXED_NOREPLACE", MAP_FIXED_NOREPLACE},
    {"MAP_ANONYMOUS", MAP_ANONYMOUS},
    {"MAP_GROWSDOWN", MAP_GROWSDOWN},
    {"MAP_LOCKED", MAP_LOCKED},
    {"MAP_NORESERVE", MAP_NORESERVE},
    {"MAP_POPULATE", MAP_POPULATE},
    {"MAP_STACK", MAP_STACK},
    {"MAP_HUGETLB", MAP_HUGETLB},
    {"MREMAP_MAYMOVE", MREMAP_MAYMOVE},
    {"MREMAP_FIXED", MREMAP_FIXED},
    {"MREMAP_DONTUNMAP", MREMAP_DONTUNMAP},
    {"MADV_NORMAL", MADV_NORMAL},
    {"MADV_WILLNEED", MADV_WILLNEED},
    {"MADV_DONTNEED", MADV_DONTNEED},
    {"MADV_FREE", MADV_FREE},
    {"MADV_HUGEPAGE", MADV_HUGEPAGE},
    {"MADV_NOHUGEPAGE", MADV_NOHUGEPAGE},
    {"MADV_DONTFORK", MADV_DONTFORK},
    {"MADV_DODUMP", MADV_DODUMP},
    {"MADV_DONTDUMP", MADV_DONTDUMP},
    {"MCL_CURRENT", MCL_CURRENT},
    {"MCL_FUTURE", MCL_FUTURE},
    {"MCL_ONFAULT", MCL_ONFAULT},
    {"MFD_CLOEXEC", MFD_CLOEXEC},
    {"MFD_ALLOW_SEALING", MFD_ALLOW_SEALING},
    {"MFD_HUGETLB", MFD_HUGETLB},
    // fcntl.h, unistd.h, sys/stat.h
    {"O_RDONLY", O_RDONLY},
    {"O_WRONLY", O_WRONLY},
    {"O_RDWR", O_RDWR},
    {"O_ACCMODE", O_ACCMODE},
    {"O_CREAT", O_CREAT},
    {"O_EXCL", O_EXCL},
    {"O_NOCTTY", O_NOCTTY},
    {"O_TRUNC", O_TRUNC},
    {"O_APPEND", O_APPEND},
    {"O_NONBLOCK", O_NONBLOCK},
    {"O_SYNC", O_SYNC},
    {"O_DSYNC", O_DSYNC},
    {"O_ASYNC", O_ASYNC},
    {"O_CLOEXEC", O_CLOEXEC},
    {"O_PATH", O_PATH},
    {"O_NOATIME", O_NOATIME},
    {"F_DUPFD", F_DUPFD},
    {"F_DUPFD_CLOEXEC", F_DUPFD_CLOEXEC},
    {"F_GETFD", F_GETFD},
    {"F_SETFD", F_SETFD},
    {"F_GETFL", F_GETFL},
    {"F_SETFL", F_SETFL},
    {"F_GETLK", F_GETLK},
    {"F_SETLK", F_SETLK},
    {"F_SETLKW", F_SETLKW},
    {"F_OFD_GETLK", F_OFD_GETLK},
    {"F_OFD_SETLK", F_OFD_SETLK},
    {"F_OFD_SETLKW", F_OFD_SETLKW},
    {"F_GETOWN", F_GETOWN},
    {"F_SETOWN", F_SETOWN},
    {"F_GETOWN_EX", F_GETOWN_EX},
    {"F_SETOWN_EX", F_SETOWN_EX},
    {"F_GETSIG", F_GETSIG},
    {"F_SETSIG", F_SETSIG},
    {"F_SETLEASE", F_SETLEASE},
    {"F_GETLEASE", F_GETLEASE},
    {"F_NOTIFY", F_NOTIFY},
    {"F_SETPIPE_SZ", F_SETPIPE_SZ},
    {"F_GETPIPE_SZ", F_GETPIPE_SZ},
    {"F_ADD_SEALS", F_ADD_SEALS},
    {"F_GET_SEALS", F_GET_SEALS},
    {"FD_CLOEXEC", FD_CLOEXEC},
    {"AT_FDCWD", AT_FDCWD},
    {"AT_SYMLINK_NOFOLLOW", AT_SYMLINK_NOFOLLOW},
    {"AT_EMPTY_PATH", AT_EMPTY_PATH},
    {"AT_REMOVEDIR", AT_REMOVEDIR},
    {"AT_EACCESS", AT_EACCESS},
    {"SEEK_SET", SEEK_SET},
    {"SEEK_CUR", SEEK_CUR},
    {"SEEK_END", SEEK_END},
    {"LOCK_SH", LOCK_SH},
    {"LOCK_EX", LOCK_EX},
    {"LOCK_UN", LOCK_UN},
    {"LOCK_NB", LOCK_NB},
    {"STDIN_FILENO", STDIN_FILENO},
    {"STDOUT_FILENO", STDOUT_FILENO},
    {"STDERR_FILENO", STDERR_FILENO},
    {"S_IFMT", S_IFMT},
    {"S_IFREG", S_IFREG},
    {"S_IFDIR", S_IFDIR},
    {"S_IFCHR", S_IFCHR},
    {"S_IFBLK", S_IFBLK},
    {"S_IFIFO", S_IFIFO},
    {"S_IFSOCK", S_IFSOCK},
    {"S_ISUID", S_ISUID},
    {"S_ISGID", S_ISGID},
    {"S_ISVTX", S_ISVTX},
    {"RENAME_EXCHANGE", RENAME_EXCHANGE},
    {"RENAME_NOREPLACE", RENAME_NOREPLACE},
    {"RENAME_WHITEOUT", RENAME_WHITEOUT},
    {"EFD_CLOEXEC", EFD_CLOEXEC},
    {"EFD_NONBLOCK", EFD_NONBLOCK},
    {"EFD_SEMAPHORE", EFD_SEMAPHORE},
    // sys/prctl.h
    {"PR_SET_PDEATHSIG", PR_SET_PDEATHSIG},
    {"PR_GET_PDEATHSIG", PR_GET_PDEATHSIG},
    {"PR_GET_DUMPABLE", PR_GET_DUMPABLE},
    {"PR_SET_DUMPABLE", PR_SET_DUMPABLE},
    {"PR_SET_KEEPCAPS", PR_SET_KEEPCAPS},
    {"PR_SET_TIMING", PR_SET_TIMING},
    {"PR_SET_NAME", PR_SET_NAME},
    {"PR_GET_NAME", PR_GET_NAME},
    {"PR_GET_SECCOMP", PR_GET_SECCOMP},
    {"PR_SET_SECCOMP", PR_SET_SECCOMP},
    {"PR_CAPBSET_READ", PR_CAPBSET_READ},
    {"PR_CAPBSET_DROP", PR_CAPBSET_DROP},
    {"PR_GET_TSC", PR_GET_TSC},
    {"PR_SET_TSC", PR_SET_TSC},
    {"PR_SET_SECUREBITS", PR_SET_SECUREBITS},
    {"PR_SET_TIMERSLACK", PR_SET_TIMERSLACK},
    {"PR_GET_TIMERSLACK", PR_GET_TIMERSLACK},
    {"PR_TASK_PERF_EVENTS_DISABLE", PR_TASK_PERF_EVENTS_DISABLE},
    {"PR_TASK_PERF_EVENTS_ENABLE", PR_TASK_PERF_EVENTS_ENABLE},
    {"PR_MCE_KILL", PR_MCE_KILL},
    {"PR_SET_MM", PR_SET_MM},
    {"PR_SET_PTRACER", PR_SET_PTRACER},
    {"PR_SET_CHILD_SUBREAPER", PR_SET_CHILD_SUBREAPER},
    {"PR_GET_CHILD_SUBREAPER", PR_GET_CHILD_SUBREAPER},
    {"PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS},
    {"PR_GET_NO_NEW_PRIVS", PR_GET_NO_NEW_PRIVS},
    {"PR_GET_TID_ADDRESS", PR_GET_TID_ADDRESS},
    {"PR_SET_THP_DISABLE", PR_SET_THP_DISABLE},
    {"PR_GET_THP_DISABLE", PR_GET_THP_DISABLE},
    {"PR_SET_FP_MODE", PR_SET_FP_MODE},
    {"PR_CAP_AMBIENT", PR_CAP_AMBIENT},
    {"PR_GET_SPECULATION_CTRL", PR_GET_SPECULATION_CTRL},
    {"PR_SET_SPECULATION_CTRL", PR_SET_SPECULATION_CTRL},
    {"PR_SET_IO_FLUSHER", PR_SET_IO_FLUSHER},
    {"PR_SET_SYSCALL_USER_DISPATCH", PR_SET_SYSCALL_USER_DISPATCH},
    {"PR_SCHED_CORE", PR_SCHED_CORE},
    {"PR_SET_VMA", PR_SET_VMA},
    // sys/resource.h
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_STACK", RLIMIT_STACK},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RUSAGE_SELF", RUSAGE_SELF},
    {"RUSAGE_CHILDREN", RUSAGE_CHILDREN},
    {"PRIO_PROCESS", PRIO_PROCESS},
    {"PRIO_PGRP", PRIO_PGRP},
    {"PRIO_USER", PRIO_USER},
    // sys/personality.h
    {"PER_LINUX", PER_LINUX},
    {"PER_LINUX32", PER_LINUX32},
    {"UNAME26", UNAME26},
    {"ADDR_NO_RANDOMIZE", ADDR_NO_RANDOMIZE},
    {"READ_IMPLIES_EXEC", READ_IMPLIES_EXEC},
    {"ADDR_COMPAT_LAYOUT", ADDR_COMPAT_LAYOUT},
    {"MMAP_PAGE_ZERO", MMAP_PAGE_ZERO},
    // linux/seccomp.h
    {"SECCOMP_SET_MODE_STRICT", SECCOMP_SET_MODE_STRICT},
    {"SECCOMP_SET_MODE_FILTER", SECCOMP_SET_MODE_FILTER},
    {"SECCOMP_GET_ACTION_AVAIL", SECCOMP_GET_ACTION_AVAIL},
    {"SECCOMP_GET_NOTIF_SIZES", SECCOMP_GET_NOTIF_SIZES},
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_NEW_LISTENER", SECCOMP_FILTER_FLAG_NEW_LISTENER},
    {"SECCOMP_FILTER_FLAG_TSYNC_ESRCH", SECCOMP_FILTER_FLAG_TSYNC_ESRCH},
    // linux/futex.h, time.h, sys/wait.h
    {"FUTEX_WAIT", FUTEX_WAIT},
    {"FUTEX_WAKE", FUTEX_WAKE},
    {"FUTEX_LOCK_PI", FUTEX_LOCK_PI},
    {"FUTEX_UNLOCK_PI", FUTEX_UNLOCK_PI},
    {"FUTEX_CMP_REQUEUE_PI", FUTEX_CMP_REQUEUE_PI},
    {"FUTEX_PRIVATE_FLAG", FUTEX_PRIVATE_FLAG},
    {"FUTEX_CLOCK_REALTIME", FUTEX_CLOCK_REALTIME},
    {"CLOCK_REALTIME", CLOCK_REALTIME},
    {"CLOCK_MONOTONIC", CLOCK_MONOTONIC},
    {"CLOCK_PROCESS_CPUTIME_ID", CLOCK_PROCESS_CPUTIME_ID},
    {"CLOCK_THREAD_CPUTIME_ID", CLOCK_THREAD_CPUTIME_ID},
    {"WNOHANG", WNOHANG},
    {"WUNTRACED", WUNTRACED},
    {"WCONTINUED", WCONTINUED},
    {"WEXITED", WEXITED},
    {"WSTOPPED", WSTOPPED},
    {"WNOWAIT", WNOWAIT},
    {"GRND_NONBLOCK", GRND_NONBLOCK},
    {"GRND_RANDOM", GRND_RANDOM},
    // Names the interface lacks: personality(0xffffffff) changes nothing and returns the present value.
    {"PERSONALITY_QUERY", 0xffffffff},
};

struct MachineConstant {
  std::string_view name;
  std::uint64_t x86_64;
  std::uint64_t aarch64;
};

// Where the machines differ. Source: arch/{x86,arm64}/include/uapi/asm/fcntl.h, asm-generic/fcntl.h.
constexpr MachineConstant kPerMachine[] = {
    {"O_DIRECT", 040000, 0200000},           {"O_DIRECTORY", 0200000, 040000},
    {"O_NOFOLLOW", 0400000, 0100000},        {"O_LARGEFILE", 0100000, 0400000},
    {"O_TMPFILE", 020200000, 020040000},
};

struct Errno {
  std::string_view name;
  std::uint16_t value;
};

// What a forbidden call may return; the kernel takes any, these are the ones callers know.
constexpr Errno kErrnos[] = {
    {"EPERM", EPERM},
    {"ENOENT", ENOENT},
    {"ESRCH", ESRCH},
    {"EINTR", EINTR},
    {"EIO", EIO},
    {"ENXIO", ENXIO},
    {"E2BIG", E2BIG},
    {"ENOEXEC", ENOEXEC},
    {"EBADF", EBADF},
    {"ECHILD", ECHILD},
    {"EAGAIN", EAGAIN},
    {"ENOMEM", ENOMEM},
    {"EACCES", EACCES},
    {"EFAULT", EFAULT},
    {"EBUSY", EBUSY},
    {"EEXIST", EEXIST},
    {"EXDEV", EXDEV},
    {"ENODEV", ENODEV},
    {"ENOTDIR", ENOTDIR},
    {"EISDIR", EISDIR},
    {"EINVAL", EINVAL},
    {"ENFILE", ENFILE},
    {"EMFILE", EMFILE},
    {"ENOTTY", ENOTTY},
    {"EFBIG", EFBIG},
    {"ENOSPC", ENOSPC},
    {"ESPIPE", ESPIPE},
    {"EROFS", EROFS},
    {"EMLINK", EMLINK},
    {"EPIPE", EPIPE},
    {"EDOM", EDOM},
    {"ERANGE", ERANGE},
    {"EDEADLK", EDEADLK},
    {"ENAMETOOLONG", ENAMETOOLONG},
    {"ENOLCK", ENOLCK},
    {"ENOSYS", ENOSYS},
    {"ENOTEMPTY", ENOTEMPTY},
    {"ELOOP", ELOOP},
    {"ENOPROTOOPT", ENOPROTOOPT},
    {"EPROTONOSUPPORT", EPROTONOSUPPORT},
    {"ESOCKTNOSUPPORT", ESOCKTNOSUPPORT},
    {"EOPNOTSUPP", EOPNOTSUPP},
    {"EAFNOSUPPORT", EAFNOSUPPORT},
    {"EADDRINUSE", EADDRINUSE},
    {"EADDRNOTAVAIL", EADDRNOTAVAIL},
    {"ENETDOWN", ENETDOWN},
    {"ENETUNREACH", ENETUNREACH},
    {"ECONNREFUSED", ECONNREFUSED},
    {"ETIMEDOUT", ETIMEDOUT},
    {"EHOSTUNREACH", EHOSTUNREACH},
    {"EOVERFLOW", EOVERFLOW},
};

/// Recursive descent over: sum = term {"|" term}; term = "~" term | "(" sum ")" | name | digit.
class Expression {
 public:
  Expression(Arch arch, std::string_view text) : arch_(arch), text_(text), rest_(text) {}

  Result<std::uint64_t> value() {
    const std::uint64_t result = TRY(sum());
    if (!rest_.empty()) return wrong("cannot read \"" + std::string(rest_) + "\"");
    return result;
  }

 private:
  // Profiles come from operators, not from programs, yet nesting must not be able to end the stack.
  static constexpr unsigned kMaxDepth = 16;

  Result<std::uint64_t> sum() {
    std::uint64_t result = TRY(term());
    while (take('|')) result |= TRY(term());
    return result;
  }

  Result<std::uint64_t> term() {
    if (++depth_ > kMaxDepth) return wrong("nested too deeply");
    const std::uint64_t result = TRY(unary());
    --depth_;
    return result;
  }

  Result<std::uint64_t> unary() {
    if (take('~')) return ~TRY(term());
    if (take('(')) {
      const std::uint64_t result = TRY(sum());
      if (!take(')')) return wrong("missing )");
      return result;
    }
    return name();
  }

  Result<std::uint64_t> name() {
    skip_blanks();
    std::size_t length = 0;
    while (length < rest_.size() && is_name_character(rest_[length])) ++length;
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    skip_blanks();

    if (word.empty()) return wrong("a constant's name is missing");
    if (const auto found = constant_value(arch_, word)) return *found;
    if (word.size() == 1 && word[0] >= '0' && word[0] <= '9') return static_cast<std::uint64_t>(word[0] - '0');
    if (word[0] >= '0' && word[0] <= '9') return wrong("numbers above 9 need a name, not " + std::string(word));
    return wrong("unknown constant " + std::string(word));
  }

  static bool is_name_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  }

  bool take(char wanted) {
    skip_blanks();
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    skip_blanks();
    return true;
  }

  void skip_blanks() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }

  [[nodiscard]] Error wrong(const std::string& why) const {
    std::string what(1, '"');
    what += text_;
    what += "\": " + why;
    return request_error("value", std::move(what));
  }

  Arch arch_;
  std::string_view text_;
  std::string_view rest_;
  unsigned depth_ = 0;
};

}  // namespace

std::optional<std::uint64_t> constant_value(Arch arch, std::string_view name) {
  for (const Constant& constant : kEverywhere) {
    if (constant.name == name) return static_cast<std::uint64_t>(constant.value);
  }
  for (const MachineConstant& constant : kPerMachine) {
    if (constant.name == name) return arch == Arch::kX86_64 ? constant.x86_64 : constant.aarch64;
  }
  return std::nullopt;
}

std::optional<std::uint16_t> errno_value(std::string_view name) {
  for (const Errno& known : kErrnos) {
    if (known.name == name) return known.value;
  }
  return std::nullopt;
}

Result<std::uint64_t> evaluate(Arch arch, std::string_view expression) { return Expression(arch, expression).value(); }

}  // namespace bailiff
