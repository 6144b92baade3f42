#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <linux/in6.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <ostream>
#include <string>

#include "seccomp/compile.h"
#include "seccomp/profile.h"
#include "tests/support/bpf_interpreter.h"
#include "tests/unit/seccomp/profile_files.h"

namespace bailiff {
namespace {

constexpr int kAllowed = 0;
constexpr int kSkipped = -1;
constexpr std::uint64_t kGarbage = 0xffffffff00000000;  // above a 32-bit argument
constexpr std::uint64_t kPointer = 0x7ffc00000000;  // its lower half is zero, as an honest pointer's can be
constexpr std::uint64_t kNewTime = 0x80;
constexpr std::uint64_t kSetHint = 1036;  // F_SET_RW_HINT, linux/fcntl.h; the getter is the number before

struct Row {
  const char* name;
  const char* call;
  std::array<std::uint64_t, 6> args;
  int error;  // or kAllowed, kSkipped
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

const Row kRows[] = {
    // Every run needs these.
    {"Execve", "execve", {kPointer, kPointer, kPointer}, kAllowed},
    {"Read", "read", {0, kPointer, 1}, kAllowed},
    {"Write", "write", {1, kPointer, 1}, kAllowed},
    {"OpenAt", "openat", {}, kAllowed},
    {"Mmap", "mmap", {}, kAllowed},
    {"ExitGroup", "exit_group", {}, kAllowed},
    {"Fork", "fork", {}, kAllowed},
    {"Vfork", "vfork", {}, kAllowed},
    {"Kill", "kill", {}, kAllowed},
    {"Futex", "futex", {}, kAllowed},
    {"Rseq", "rseq", {}, kAllowed},
    {"MemfdCreate", "memfd_create", {}, kAllowed},
    {"Landlock", "landlock_create_ruleset", {}, kAllowed},
    {"Pkey", "pkey_alloc", {}, kAllowed},
    {"SetUid", "setuid", {}, kAllowed},
    {"Inotify", "inotify_init1", {}, kAllowed},
    {"GetMempolicy", "get_mempolicy", {}, kAllowed},
    {"GetAffinity", "sched_getaffinity", {}, kAllowed},
    {"ClockGettime", "clock_gettime", {}, kAllowed},
    {"PidfdOpen", "pidfd_open", {}, kAllowed},
    {"Mseal", "mseal", {}, kAllowed},
    {"FutexWaitYoung", "futex_wait", {}, kAllowed},
    {"Fchmodat2", "fchmodat2", {}, kAllowed},

    // Processes, threads, namespaces.
    {"Clone3", "clone3", {kPointer, 88}, ENOSYS},
    {"CloneThread",
     "clone",
     {CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM},
     kAllowed},
    {"CloneFork", "clone", {SIGCHLD | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID}, kAllowed},
    {"CloneNewUser", "clone", {CLONE_NEWUSER | SIGCHLD}, EPERM},
    {"CloneNewNs", "clone", {CLONE_NEWNS}, EPERM},
    {"CloneNewNet", "clone", {CLONE_NEWNET | CLONE_VM}, EPERM},
    {"CloneNewPid", "clone", {CLONE_NEWPID}, EPERM},
    {"CloneNewIpc", "clone", {CLONE_NEWIPC}, EPERM},
    {"CloneNewUts", "clone", {CLONE_NEWUTS}, EPERM},
    {"CloneNewCgroup", "clone", {CLONE_NEWCGROUP}, EPERM},
    {"CloneNewUserUnderGarbage", "clone", {kGarbage | CLONE_NEWUSER}, EPERM},
    {"CloneGarbageAlone", "clone", {kGarbage | SIGCHLD}, kAllowed},
    {"CloneParent", "clone", {CLONE_PARENT | SIGCHLD}, EPERM},
    {"UnshareFiles", "unshare", {CLONE_FILES}, kAllowed},
    {"UnshareNewUser", "unshare", {CLONE_NEWUSER}, EPERM},
    {"UnshareNewTime", "unshare", {kNewTime}, EPERM},
    {"Setns", "setns", {3, 0}, EPERM},

    // The file tree.
    {"Mount", "mount", {}, EPERM},
    {"Umount", "umount2", {}, EPERM},
    {"PivotRoot", "pivot_root", {}, EPERM},
    {"Chroot", "chroot", {}, EPERM},
    {"OpenTree", "open_tree", {}, EPERM},
    {"OpenTreeAttr", "open_tree_attr", {}, EPERM},
    {"MoveMount", "move_mount", {}, EPERM},
    {"Fsopen", "fsopen", {}, EPERM},
    {"Fsconfig", "fsconfig", {}, EPERM},
    {"Fsmount", "fsmount", {}, EPERM},
    {"Fspick", "fspick", {}, EPERM},
    {"MountSetattr", "mount_setattr", {}, EPERM},
    {"Statmount", "statmount", {}, ENOSYS},
    {"Listmount", "listmount", {}, ENOSYS},
    {"Listns", "listns", {}, ENOSYS},
    {"OpenByHandle", "open_by_handle_at", {}, EPERM},
    {"NameToHandle", "name_to_handle_at", {}, EPERM},
    {"MknodFifo", "mknod", {kPointer, S_IFIFO | 0600, 0}, kAllowed},
    {"MknodBlock", "mknod", {kPointer, S_IFBLK | 0600, 0x801}, EPERM},
    {"MknodatFifo", "mknodat", {3, kPointer, S_IFIFO | 0600, 0}, kAllowed},
    {"MknodatChar", "mknodat", {3, kPointer, S_IFCHR | 0600, 0x103}, EPERM},
    {"MknodatCharUnderGarbage", "mknodat", {3, kPointer, kGarbage | S_IFCHR, 0x103}, EPERM},
    {"Quotactl", "quotactl", {}, EPERM},
    {"QuotactlFd", "quotactl_fd", {}, EPERM},
    {"Acct", "acct", {}, EPERM},
    {"Swapon", "swapon", {}, EPERM},
    {"Fanotify", "fanotify_init", {}, EPERM},

    // Other processes, big kernel surfaces.
    {"Ptrace", "ptrace", {}, EPERM},
    {"ProcessVmReadv", "process_vm_readv", {}, EPERM},
    {"ProcessVmWritev", "process_vm_writev", {}, EPERM},
    {"ProcessMadvise", "process_madvise", {}, EPERM},
    {"Kcmp", "kcmp", {}, EPERM},
    {"PidfdGetfd", "pidfd_getfd", {}, EPERM},
    {"Bpf", "bpf", {}, EPERM},
    {"Perf", "perf_event_open", {}, EPERM},
    {"Userfaultfd", "userfaultfd", {}, EPERM},
    {"IoUringSetup", "io_uring_setup", {}, ENOSYS},
    {"IoUringEnter", "io_uring_enter", {}, ENOSYS},
    {"IoUringRegister", "io_uring_register", {}, ENOSYS},
    {"AddKey", "add_key", {}, EPERM},
    {"Keyctl", "keyctl", {}, EPERM},
    {"RequestKey", "request_key", {}, EPERM},
    {"MemfdSecret", "memfd_secret", {}, EPERM},
    {"Cachestat", "cachestat", {}, ENOSYS},
    {"Vmsplice", "vmsplice", {}, ENOSYS},
    {"LsmSetSelfAttr", "lsm_set_self_attr", {}, ENOSYS},

    // The machine.
    {"KexecLoad", "kexec_load", {}, EPERM},
    {"KexecFileLoad", "kexec_file_load", {}, EPERM},
    {"InitModule", "init_module", {}, EPERM},
    {"FinitModule", "finit_module", {}, EPERM},
    {"DeleteModule", "delete_module", {}, EPERM},
    {"Reboot", "reboot", {}, EPERM},
    {"Settimeofday", "settimeofday", {}, EPERM},
    {"ClockSettime", "clock_settime", {}, EPERM},
    {"Adjtimex", "adjtimex", {}, EPERM},
    {"ClockAdjtime", "clock_adjtime", {}, EPERM},
    {"Syslog", "syslog", {}, EPERM},
    {"Sethostname", "sethostname", {}, EPERM},
    {"Iopl", "iopl", {}, EPERM},
    {"Ioperm", "ioperm", {}, EPERM},
    {"ModifyLdt", "modify_ldt", {}, EPERM},
    {"Uselib", "uselib", {}, ENOSYS},
    {"Nfsservctl", "nfsservctl", {}, ENOSYS},
    {"LookupDcookie", "lookup_dcookie", {}, ENOSYS},

    // By argument.
    {"PersonalityQuery", "personality", {0xffffffff}, kAllowed},
    {"PersonalityQuerySignExtended", "personality", {~std::uint64_t{0}}, kAllowed},
    {"PersonalityLinux", "personality", {PER_LINUX}, kAllowed},
    {"PersonalityNoRandomize", "personality", {ADDR_NO_RANDOMIZE}, kAllowed},
    {"PersonalityReadImpliesExec", "personality", {READ_IMPLIES_EXEC}, EPERM},
    {"PersonalityBoth", "personality", {ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC}, EPERM},
    {"PrctlName", "prctl", {PR_SET_NAME}, kAllowed},
    {"PrctlNoNewPrivs", "prctl", {PR_SET_NO_NEW_PRIVS, 1}, kAllowed},
    {"PrctlMm", "prctl", {PR_SET_MM, PR_SET_MM_ARG_START}, EPERM},
    {"PrctlMmUnderGarbage", "prctl", {kGarbage | PR_SET_MM}, EPERM},
    {"PrctlSchedCore", "prctl", {PR_SCHED_CORE}, EPERM},
    {"SeccompTighter", "seccomp", {SECCOMP_SET_MODE_FILTER, 0, kPointer}, kAllowed},
    {"SeccompAllThreads",
     "seccomp",
     {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, kPointer},
     kAllowed},
    {"SeccompListener",
     "seccomp",
     {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, kPointer},
     EPERM},
    {"SeccompListenerAndMore",
     "seccomp",
     {SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC, kPointer},
     EPERM},
    {"SeccompAsk", "seccomp", {SECCOMP_GET_ACTION_AVAIL, 0, kPointer}, kAllowed},
    {"IoctlTcgets", "ioctl", {0, TCGETS, kPointer}, kAllowed},
    {"IoctlSti", "ioctl", {0, TIOCSTI, kPointer}, EPERM},
    {"IoctlStiUnderGarbage", "ioctl", {0, kGarbage | TIOCSTI, kPointer}, EPERM},
    {"IoctlSetFlags", "ioctl", {0, FS_IOC_SETFLAGS, kPointer}, ENOTTY},
    {"IoctlSetFlagsUnderGarbage", "ioctl", {0, kGarbage | FS_IOC_FSSETXATTR, kPointer}, ENOTTY},
    {"IoctlGetFlags", "ioctl", {0, FS_IOC_GETFLAGS, kPointer}, kAllowed},
    {"FcntlSetHint", "fcntl", {0, kSetHint, kPointer}, EINVAL},
    {"FcntlSetFileHint", "fcntl", {0, kSetHint + 2, kPointer}, EINVAL},
    {"FcntlGetHint", "fcntl", {0, kSetHint - 1, kPointer}, kAllowed},
    {"FcntlGetFlags", "fcntl", {0, F_GETFL, 0}, kAllowed},
    {"SetsockoptFlowLabel", "setsockopt", {0, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, kPointer, 32}, ENOPROTOOPT},
    {"SetsockoptSameNumberOfAnotherLevel", "setsockopt", {0, SOL_SOCKET, IPV6_FLOWLABEL_MGR, kPointer, 4}, kAllowed},
    {"SetsockoptV6Only", "setsockopt", {0, IPPROTO_IPV6, IPV6_V6ONLY, kPointer, 4}, kAllowed},
    {"IoSetup", "io_setup", {1, kPointer}, ENOSYS},
    {"IoctlLinux", "ioctl", {0, TIOCLINUX, kPointer}, EPERM},
    {"SetrlimitStack", "setrlimit", {RLIMIT_STACK, kPointer}, kAllowed},
    {"SetrlimitCore", "setrlimit", {RLIMIT_CORE, kPointer}, kSkipped},
    {"PrlimitStack", "prlimit64", {0, RLIMIT_STACK, kPointer, 0}, kAllowed},
    {"PrlimitReadsCore", "prlimit64", {0, RLIMIT_CORE, 0, kPointer}, kAllowed},
    {"PrlimitSetsCore", "prlimit64", {0, RLIMIT_CORE, kPointer, 0}, kSkipped},
    {"PrlimitSetsCoreLowPointer", "prlimit64", {0, RLIMIT_CORE, 0x10000, 0}, kSkipped},
    {"PrlimitSetsAndReadsCore", "prlimit64", {0, RLIMIT_CORE, kPointer, kPointer}, EPERM},
    {"PrlimitSetsCoreUnderGarbage", "prlimit64", {0, kGarbage | RLIMIT_CORE, kPointer, kPointer}, EPERM},
    {"GetrlimitCore", "getrlimit", {RLIMIT_CORE, kPointer}, kAllowed},

    // Sockets.
    {"SocketUnix", "socket", {AF_UNIX, SOCK_STREAM, 0}, kAllowed},
    {"SocketInet", "socket", {AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP}, kAllowed},
    {"SocketInet6Udp", "socket", {AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0}, kAllowed},
    {"SocketNetlink", "socket", {AF_NETLINK, SOCK_RAW, 0}, EAFNOSUPPORT},
    {"SocketPacket", "socket", {AF_PACKET, SOCK_RAW, 0}, EAFNOSUPPORT},
    {"SocketVsock", "socket", {AF_VSOCK, SOCK_STREAM, 0}, EAFNOSUPPORT},
    {"SocketVsockUnderGarbage", "socket", {kGarbage | AF_VSOCK, SOCK_STREAM, 0}, EAFNOSUPPORT},
    {"SocketAlg", "socket", {AF_ALG, SOCK_SEQPACKET, 0}, EAFNOSUPPORT},
    {"SocketXdp", "socket", {AF_XDP, SOCK_RAW, 0}, EAFNOSUPPORT},
    {"SocketKey", "socket", {AF_KEY, SOCK_RAW, 2}, EAFNOSUPPORT},
    {"SocketTipc", "socket", {AF_TIPC, SOCK_STREAM, 0}, EAFNOSUPPORT},
    {"SocketBluetooth", "socket", {AF_BLUETOOTH, SOCK_STREAM, 0}, EAFNOSUPPORT},
    {"SocketNegative", "socket", {~std::uint64_t{0}, SOCK_STREAM, 0}, EAFNOSUPPORT},
    {"SocketRaw", "socket", {AF_INET, SOCK_RAW, IPPROTO_ICMP}, ESOCKTNOSUPPORT},
    {"SocketInetPacket", "socket", {AF_INET, SOCK_PACKET, 0}, ESOCKTNOSUPPORT},
    {"SocketSctp", "socket", {AF_INET, SOCK_STREAM, IPPROTO_SCTP}, EPROTONOSUPPORT},
    {"SocketMptcp", "socket", {AF_INET6, SOCK_STREAM, IPPROTO_MPTCP}, EPROTONOSUPPORT},
    {"SocketpairUnix", "socketpair", {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, kPointer}, kAllowed},
    {"SocketpairTipc", "socketpair", {AF_TIPC, SOCK_STREAM, 0, kPointer}, EAFNOSUPPORT},

    // Where memory and time are spent.
    {"SetMempolicy", "set_mempolicy", {}, EPERM},
    {"SetMempolicyHomeNode", "set_mempolicy_home_node", {}, EPERM},
    {"Mbind", "mbind", {}, EPERM},
    {"MovePages", "move_pages", {}, EPERM},
    {"MigratePages", "migrate_pages", {}, EPERM},
    {"SetAffinity", "sched_setaffinity", {}, EPERM},
    {"SchedulerOther", "sched_setscheduler", {0, SCHED_OTHER, kPointer}, kAllowed},
    {"SchedulerFifo", "sched_setscheduler", {0, SCHED_FIFO, kPointer}, EPERM},
    {"SchedulerRrResetOnFork", "sched_setscheduler", {0, SCHED_RR | SCHED_RESET_ON_FORK, kPointer}, EPERM},
    {"SchedSetattr", "sched_setattr", {}, EPERM},
};

class DefaultProfile : public ::testing::TestWithParam<Row> {
 protected:
  static const CompiledFilter& filter(Arch arch) {
    static const CompiledFilter x86_64 = compile_default(Arch::kX86_64);
    static const CompiledFilter aarch64 = compile_default(Arch::kAarch64);
    return arch == Arch::kX86_64 ? x86_64 : aarch64;
  }

 private:
  static CompiledFilter compile_default(Arch arch) {
    return compile(load_profile(our_profile("default"), arch).value(), arch).value();
  }
};

TEST_P(DefaultProfile, Decides) {
  const Row& row = GetParam();
  const std::uint32_t expected = row.error == kAllowed ? kAllow.value
                                 : row.error == kSkipped
                                     ? kSkip.value
                                     : errno_action(static_cast<std::uint16_t>(row.error)).value;
  unsigned machines = 0;
  for (const Arch arch : kArches) {
    const auto number = call_number(arch, row.call);
    if (!number) continue;  // fork, mknod, iopl: x86_64 only
    ++machines;
    ASSERT_EQ(why_not_loadable(filter(arch).code), "");
    EXPECT_EQ(interpret(filter(arch).code, call_data(arch, *number, row.args)).value, expected)
        << arch_name(arch);
  }
  EXPECT_GT(machines, 0U);
}

INSTANTIATE_TEST_SUITE_P(Table, DefaultProfile, ::testing::ValuesIn(kRows),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace bailiff
