#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <map>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "seccomp/compile.h"
#include "seccomp/profile.h"
#include "tests/support/bpf_interpreter.h"
#include "tests/unit/seccomp/profile_files.h"

namespace bailiff {
namespace {

constexpr std::uint64_t kPointer = 0x7ffc00000000;  // its lower half is zero, as an honest pointer's can be
constexpr std::uint64_t kGarbage = 0xffffffff00000000;  // above a 32-bit argument
constexpr std::uint64_t kAt = static_cast<std::uint64_t>(AT_FDCWD);
constexpr std::uint64_t kGlibcThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                                       CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
                                       CLONE_CHILD_CLEARTID;
constexpr std::uint64_t kGoThread =
    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM | CLONE_THREAD;
constexpr std::uint64_t kFork = SIGCHLD | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
constexpr std::uint64_t kSpawn = SIGCHLD | CLONE_VM | CLONE_VFORK;

// The columns of a row: "." allowed, "!" a violation, "0" skipped, "k" killed, or an errno.
const char* const kProfiles[] = {"base", "compute", "files", "processes", "jdk", "python", "node", "jvm", "go"};

struct Row {
  const char* name;
  const char* call;
  std::array<std::uint64_t, 6> args;
  const char* outcomes;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

constexpr const char* kNowhere = "! ! ! ! ! ! ! ! !";
constexpr const char* kEverywhere = ". . . . . . . . .";
constexpr const char* kWithFiles = "! ! . . . . . . .";

const Row kRows[] = {
    {"Execve", "execve", {kPointer, kPointer, kPointer}, kEverywhere},
    {"Read", "read", {0, kPointer, 1}, kEverywhere},
    {"Write", "write", {1, kPointer, 1}, kEverywhere},
    {"Mmap", "mmap", {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, 3, 0}, kEverywhere},
    {"ExitGroup", "exit_group", {}, kEverywhere},
    {"ClockGettime", "clock_gettime", {}, kEverywhere},
    {"RestartSyscall", "restart_syscall", {}, kEverywhere},
    {"OpenToRead", "openat", {kAt, kPointer, O_RDONLY | O_CLOEXEC}, kEverywhere},
    {"OpenToReadOld", "open", {kPointer, O_RDONLY | O_CLOEXEC}, kEverywhere},
    {"OpenToReadGarbage", "openat", {kAt, kPointer, kGarbage | O_RDONLY}, kEverywhere},
    {"OpenToWrite", "openat", {kAt, kPointer, O_WRONLY}, kWithFiles},
    {"OpenToWriteOld", "open", {kPointer, O_RDWR}, kWithFiles},
    {"OpenToWriteGarbage", "openat", {kAt, kPointer, kGarbage | O_WRONLY}, kWithFiles},
    {"OpenToBoth", "openat", {kAt, kPointer, O_RDWR}, kWithFiles},
    {"OpenThree", "openat", {kAt, kPointer, 3}, kWithFiles},
    {"OpenCreate", "openat", {kAt, kPointer, O_RDONLY | O_CREAT}, kWithFiles},
    {"OpenTruncate", "openat", {kAt, kPointer, O_RDONLY | O_TRUNC}, kWithFiles},
    {"OpenUnknownFlag", "openat", {kAt, kPointer, 0x40000000}, kWithFiles},
    {"Creat", "creat", {kPointer, 0600}, kWithFiles},
    {"Openat2", "openat2", {}, "38 38 38 38 38 38 38 38 38"},
    {"Unlink", "unlinkat", {}, kWithFiles},
    {"Rename", "renameat2", {}, kWithFiles},
    {"Mkdir", "mkdirat", {}, kWithFiles},
    {"Ftruncate", "ftruncate", {}, kWithFiles},
    {"Getdents", "getdents64", {}, kWithFiles},
    {"Chown", "fchown", {3, 1000, 1000}, kWithFiles},
    {"FcntlFlags", "fcntl", {0, F_SETFD}, kEverywhere},
    {"FcntlLock", "fcntl", {0, F_SETLKW}, "22 22 . . . . . . ."},
    {"FcntlOwner", "fcntl", {0, F_SETOWN}, "22 22 22 22 22 22 22 22 22"},
    {"IoctlIsTerminal", "ioctl", {0, TCGETS}, kEverywhere},
    {"IoctlType", "ioctl", {0, TIOCSTI}, "25 25 25 25 25 25 25 25 25"},
    {"IoctlTypeGarbage", "ioctl", {0, kGarbage | TIOCSTI}, "25 25 25 25 25 25 25 25 25"},
    {"PrctlName", "prctl", {PR_SET_NAME}, kEverywhere},
    {"PrctlMemoryMap", "prctl", {PR_SET_MM}, "22 22 22 22 22 22 22 22 22"},
    {"CoreLimitRead", "prlimit64", {0, RLIMIT_CORE, 0, kPointer}, kEverywhere},
    {"CoreLimitSet", "prlimit64", {0, RLIMIT_CORE, kPointer, 0}, "0 0 0 0 0 0 0 0 0"},
    {"CoreLimitBoth", "prlimit64", {0, RLIMIT_CORE, kPointer, kPointer}, "1 1 1 1 1 1 1 1 1"},
    {"StackLimitSet", "prlimit64", {0, RLIMIT_STACK, kPointer, 0}, kEverywhere},
    {"ThreadOfGlibc", "clone", {kGlibcThread}, "! . . . . . . . ."},
    {"ThreadOfMusl", "clone", {kGlibcThread | CLONE_DETACHED}, "! . . . . . . . ."},
    {"ThreadOfGo", "clone", {kGoThread}, "! . . . . . . . ."},
    {"ThreadInNamespace", "clone", {kGlibcThread | CLONE_NEWUSER}, "! ! ! ! ! 1 1 1 1"},
    {"ThreadTraced", "clone", {kGlibcThread | CLONE_PTRACE}, "! ! ! ! ! 1 1 1 1"},
    {"ThreadOfParent", "clone", {kGlibcThread | CLONE_PARENT}, "! ! ! ! ! 1 1 1 1"},
    {"ForkByClone", "clone", {kFork}, "! ! ! . . 1 1 1 1"},
    {"Spawn", "clone", {kSpawn}, "! ! ! . . 1 1 1 1"},
    {"Fork", "fork", {}, "! ! ! . . 1 1 1 1"},
    {"Vfork", "vfork", {}, "! ! ! . . 1 1 1 1"},
    {"ForkInNamespace", "clone", {kFork | CLONE_NEWUSER}, "! ! ! ! ! 1 1 1 1"},
    {"ForkOfParent", "clone", {kFork | CLONE_PARENT}, "! ! ! ! ! 1 1 1 1"},
    {"ForkWithoutSignal", "clone", {0}, "! ! ! ! ! 1 1 1 1"},
    {"Clone3", "clone3", {kPointer, 88}, "38 38 38 38 38 38 38 38 38"},
    {"Wait", "wait4", {}, "! ! ! . . ! ! ! !"},
    {"Kill", "kill", {}, "! ! ! . . . . 1 ."},
    {"Pipe", "pipe2", {}, "! ! ! . . . . . ."},
    {"Epoll", "epoll_pwait", {}, "! ! ! . . . . . ."},
    {"MkFifo", "mknodat", {kAt, kPointer, S_IFIFO | 0600}, "! ! ! . . ! ! ! !"},
    {"MkDevice", "mknodat", {kAt, kPointer, S_IFCHR | 0600}, kNowhere},
    {"Socket", "socket", {AF_INET, SOCK_STREAM}, "! ! ! 97 97 97 97 97 97"},
    {"PairUnix", "socketpair", {AF_UNIX, SOCK_STREAM}, "! ! ! 97 . . 97 . 97"},
    {"PairTipc", "socketpair", {AF_TIPC, SOCK_STREAM}, "! ! ! 97 97 ! 97 ! 97"},
    {"SendToNobody", "sendto", {3, kPointer, 1, 0, 0, 0}, "! ! ! ! ! . ! ! !"},
    {"SendToSomebody", "sendto", {3, kPointer, 1, 0, kPointer, 16}, kNowhere},
    {"SendMessage", "sendmsg", {}, kNowhere},
    {"Connect", "connect", {}, kNowhere},
    {"Unshare", "unshare", {CLONE_NEWUSER}, kNowhere},
    {"Ptrace", "ptrace", {}, kNowhere},
    {"Shmget", "shmget", {}, kNowhere},
    {"MqOpen", "mq_open", {}, kNowhere},
    {"Keyctl", "keyctl", {}, kNowhere},
    {"Seccomp", "seccomp", {}, kNowhere},
    {"Landlock", "landlock_create_ruleset", {}, kNowhere},
    {"Cachestat", "cachestat", {}, kNowhere},
    {"MemfdSecret", "memfd_secret", {}, kNowhere},
    {"Vmsplice", "vmsplice", {}, kNowhere},
    {"Reboot", "reboot", {}, kNowhere},
};

std::string outcome(std::uint32_t verdict) {
  switch (verdict & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
      return ".";
    case SECCOMP_RET_USER_NOTIF:
      return "!";
    case SECCOMP_RET_KILL_PROCESS:
      return "k";
    default:
      return std::to_string(verdict & SECCOMP_RET_DATA);
  }
}

const CompiledFilter& filter_of(const std::string& profile, Arch arch) {
  static std::map<std::pair<std::string, Arch>, CompiledFilter> compiled;
  const auto [place, is_new] = compiled.try_emplace({profile, arch});
  if (is_new) place->second = compile(load_profile(our_profile(profile), arch).value(), arch).value();
  return place->second;
}

class AllowList : public ::testing::TestWithParam<Row> {};

TEST_P(AllowList, DecidesAlikeOnEveryMachine) {
  const auto& [name, call, args, outcomes] = GetParam();
  for (const Arch arch : kArches) {
    const auto number = call_number(arch, call);
    if (!number) continue;  // an old call that only x86_64 has
    std::istringstream wanted(outcomes);
    for (const char* profile : kProfiles) {
      std::string one;
      wanted >> one;
      EXPECT_EQ(outcome(interpret(filter_of(profile, arch).code, call_data(arch, *number, args)).value), one)
          << profile << " " << arch_name(arch);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, AllowList, ::testing::ValuesIn(kRows),
                         [](const auto& test) { return std::string(test.param.name); });

// O_DIRECTORY of one machine is another flag of the other: the masks must be each machine's own.
TEST(AllowList, KnowsEachMachinesOpenFlags) {
  const auto open_with = [](Arch arch, std::uint64_t flags) {
    const auto call = call_data(arch, *call_number(arch, "openat"), {kAt, kPointer, flags});
    return outcome(interpret(filter_of("compute", arch).code, call).value);
  };
  constexpr std::uint64_t kTmpfile = 020000000;    // without the O_DIRECTORY in it
  constexpr std::uint64_t kDirectX86 = 040000;     // O_DIRECT; aarch64's O_DIRECTORY
  constexpr std::uint64_t kDirectAarch = 0200000;  // and the other way round
  EXPECT_EQ(open_with(Arch::kX86_64, kDirectX86), "!");
  EXPECT_EQ(open_with(Arch::kX86_64, kDirectAarch), ".");
  EXPECT_EQ(open_with(Arch::kAarch64, kDirectX86), ".");
  EXPECT_EQ(open_with(Arch::kAarch64, kDirectAarch), "!");
  for (const Arch arch : kArches) EXPECT_EQ(open_with(arch, kTmpfile | 0200000 | 040000 | O_RDWR), "!");
}

// What a loader and a C library of either machine do before main() and after it.
TEST(AllowList, LetsAProgramStartOnEveryMachine) {
  for (const Arch arch : kArches) {
    for (const char* call : {"execve",          "brk",        "mmap",      "mprotect",
                             "munmap",          "openat",     "read",      "pread64",
                             "fstat",           "newfstatat", "close",     "set_tid_address",
                             "set_robust_list", "rseq",       "prlimit64", "getrandom",
                             "readlinkat",      "faccessat",  "futex",     "rt_sigaction",
                             "rt_sigprocmask",  "write",      "exit",      "exit_group"}) {
      const auto call_seen = call_data(arch, call_number(arch, call).value());
      for (const char* profile : kProfiles) {
        EXPECT_EQ(outcome(interpret(filter_of(profile, arch).code, call_seen).value), ".")
            << call << profile << arch_name(arch);
      }
    }
  }
}

TEST(AllowList, ToldOfNumbersWithoutANameSaysEnosys) {
  for (const Arch arch : kArches) {
    for (const char* profile : kProfiles) {
      EXPECT_EQ(outcome(interpret(filter_of(profile, arch).code, call_data(arch, 472)).value), "38")
          << profile;
    }
  }
}

}  // namespace
}  // namespace bailiff
