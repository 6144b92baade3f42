#include "seccomp/filter.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ostream>
#include <thread>

#include "seccomp/calls.h"
#include "seccomp/compile.h"
#include "seccomp/profile.h"
#include "tests/support/bpf_interpreter.h"
#include "tests/unit/seccomp/profile_files.h"

namespace bailiff {

void PrintTo(const Filter& filter, std::ostream* out) { *out << filter.name; }

namespace {

/// What any profile of ours must say, whatever it allows besides.
class EmbeddedFilter : public ::testing::TestWithParam<Filter> {
 protected:
  static std::uint32_t verdict(const char* call, const std::array<std::uint64_t, 6>& args = {}) {
    return interpret(GetParam().code, call_data(kNativeArch, call_number(kNativeArch, call).value(), args))
        .value;
  }
  static bool denied(std::uint32_t verdict) { return verdict != SECCOMP_RET_ALLOW; }
};

TEST_P(EmbeddedFilter, IsWhatItsProfileCompilesTo) {
  const Profile profile = load_profile(our_profile(GetParam().name), kNativeArch).value();
  const CompiledFilter filter = compile(profile, kNativeArch).value();
  EXPECT_EQ(GetParam().sha256, filter.sha256);
  EXPECT_EQ(GetParam().code.size(), filter.code.size());
}

TEST_P(EmbeddedFilter, IsLoadableAndSmall) {
  EXPECT_EQ(why_not_loadable(GetParam().code), "");
  EXPECT_LT(GetParam().code.size(), 1000U);
}

TEST_P(EmbeddedFilter, AllowsExecveAndDeniesTheWaysOut) {
  EXPECT_FALSE(denied(verdict("execve")));
  EXPECT_EQ(verdict("clone3"), SECCOMP_RET_ERRNO | ENOSYS);
  constexpr std::uint64_t kNamespaces[] = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                           CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};
  for (const std::uint64_t flag : kNamespaces) {
    EXPECT_TRUE(denied(verdict("clone", {flag}))) << flag;
    EXPECT_TRUE(denied(verdict("unshare", {flag}))) << flag;
  }
  for (const char* call :
       {"setns", "mount", "ptrace", "bpf", "keyctl", "io_uring_setup", "open_by_handle_at", "init_module",
        "kexec_load", "userfaultfd", "perf_event_open", "process_vm_writev"}) {
    EXPECT_TRUE(denied(verdict(call))) << call;
  }
  EXPECT_TRUE(denied(interpret(GetParam().code, call_data(kNativeArch, 472)).value));
}

TEST_P(EmbeddedFilter, FindsEveryCallInFewSteps) {
  // The kernel runs the filter over every number once while loading it, so this is loading time too.
  std::uint32_t total = 0;
  for (std::uint32_t number = 0; number < 480; ++number) {
    total += interpret(GetParam().code, call_data(kNativeArch, number)).steps;
  }
  EXPECT_LT(total / 480, 40U);
}

INSTANTIATE_TEST_SUITE_P(All, EmbeddedFilter, ::testing::ValuesIn(all_filters().begin(), all_filters().end()),
                         [](const auto& test) {
                           std::string name(test.param.name);
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(FindFilter, KnowsDefaultAndNothingElseByChance) {
  ASSERT_NE(find_filter("default"), nullptr);
  EXPECT_EQ(find_filter("default")->name, "default");
  EXPECT_EQ(find_filter("default.json"), nullptr);
  EXPECT_EQ(find_filter(""), nullptr);
  EXPECT_EQ(find_filter("Default"), nullptr);
}

// --- on the real kernel
// -----------------------------------------------------------------------------------------

/// Loads `default` for good; false when this kernel would not take it.
bool load_default() {
  const Filter* filter = find_filter("default");
  sock_fprog program = {};
  program.len = static_cast<unsigned short>(filter->code.size());
  program.filter = const_cast<sock_filter*>(filter->code.data());  // the kernel only reads it
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

constexpr int kCannotLoad = 200;

/// Runs `attempt` in a child: its return value is the child's exit code.
template <typename Attempt>
int status_of_child(Attempt attempt) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(attempt());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

template <typename Attempt>
int status_under_default(Attempt attempt) {
  return status_of_child([attempt] { return load_default() ? attempt() : kCannotLoad; });
}

/// The errno of a call that must fail, 0 when it did not.
template <typename... Args>
int error_of(long number, Args... args) {
  return ::syscall(number, args...) == -1 ? errno : 0;
}

TEST(DefaultOnThisKernel, DeniesAndAllowsWhatTheTableSays) {
  const int status = status_of_child([]() -> int {
    rlimit limit = {1, 1};
    rlimit after = {};
    const rlimit zero = {0, 0};
    if (::setrlimit(RLIMIT_CORE, &limit) != 0) return 100;
    if (!load_default()) return kCannotLoad;
    struct {
      int got;
      int wanted;
    } const rows[] = {
        {error_of(SYS_clone3, nullptr, 0), ENOSYS},
        {error_of(SYS_unshare, CLONE_NEWUSER), EPERM},
        {error_of(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), EPERM},
        {error_of(SYS_mount, 0, 0, 0, 0, 0), EPERM},
        {error_of(SYS_ptrace, 0, 0, 0, 0), EPERM},
        {error_of(SYS_bpf, 0, 0, 0), EPERM},
        {error_of(SYS_keyctl, 0, 0, 0, 0, 0), EPERM},
        {error_of(SYS_io_uring_setup, 1, 0), ENOSYS},
        {error_of(SYS_socket, AF_NETLINK, SOCK_RAW, 0), EAFNOSUPPORT},
        {error_of(SYS_socket, AF_VSOCK, SOCK_STREAM, 0), EAFNOSUPPORT},
        {error_of(SYS_socket, AF_UNIX, SOCK_STREAM, 0), 0},
        {error_of(SYS_personality, 0xffffffffUL), 0},
        {error_of(SYS_personality, READ_IMPLIES_EXEC), EPERM},
        {error_of(SYS_ioctl, 0, TIOCSTI, "x"), EPERM},
        {error_of(SYS_ioctl, 0, 0xffffffff00000000UL | TIOCSTI, "x"), EPERM},
        {error_of(SYS_prlimit64, 0, RLIMIT_CORE, nullptr, &limit), 0},
        {error_of(SYS_prlimit64, 0, RLIMIT_CORE, &limit, &limit), EPERM},
        {error_of(SYS_prlimit64, 0, RLIMIT_CORE, &zero, nullptr), 0},
        {error_of(SYS_setrlimit, RLIMIT_CORE, &zero), 0},
        {error_of(SYS_prlimit64, 0, RLIMIT_CORE, nullptr, &after), 0},
        {after.rlim_cur == limit.rlim_cur && after.rlim_max == limit.rlim_max, 1},  // "set", yet as it was
        {error_of(451, 0, 0, 0, 0), ENOSYS},                                        // cachestat
        {error_of(457, 0, 0, 0, 0), ENOSYS},                                        // statmount
        {error_of(472), ENOSYS},
        {error_of(SYS_getpid), 0},
    };
    int row = 1;
    for (const auto& [got, wanted] : rows) {
      if (got != wanted) return row;
      ++row;
    }
    return 0;
  });
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 0) << "row, counted from 1";
}

TEST(DefaultOnThisKernel, LetsThreadsAndProcessesStart) {
  const int status = status_under_default([] {
    int touched = 0;
    std::thread([&touched] { touched = 1; }).join();
    const pid_t child = ::fork();
    if (child == 0) ::_exit(7);
    int inner = 0;
    ::waitpid(child, &inner, 0);
    return touched == 1 && WIFEXITED(inner) && WEXITSTATUS(inner) == 7 ? 0 : 1;
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

#if defined(__x86_64__)
long getpid_by_int80() {
  long number = 20;  // getpid of i386
  asm volatile("int $0x80" : "+a"(number) : : "memory", "r8", "r9", "r10", "r11");
  return number;
}

TEST(DefaultOnThisKernel, KillsAnX32Call) {
  const int status = status_under_default([] { return error_of(0x40000000 | SYS_getpid) == 0 ? 1 : 2; });
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGSYS);
}

TEST(DefaultOnThisKernel, KillsAnI386Call) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(getpid_by_int80() > 0 ? 0 : 1);
  int unfiltered = 0;
  ::waitpid(child, &unfiltered, 0);
  if (!WIFEXITED(unfiltered) || WEXITSTATUS(unfiltered) != 0) {
    GTEST_SKIP() << "this kernel has no i386 calls: nothing to kill";
  }
  const int status = status_under_default([] { return getpid_by_int80() > 0 ? 1 : 2; });
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGSYS);
}
#endif

}  // namespace
}  // namespace bailiff
