#include "jail/learn.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "jail/run.h"

namespace bailiff {
namespace {

#if defined(__aarch64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#endif

/// Asks about every call but those our own child makes before its exec, when nobody could be asked: the
/// keeper that hands over the listener sleeps until then.
constexpr sock_filter kAskAlways[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kMachine, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 2, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 1, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
};
constexpr Filter kLearning = {"learning", kAskAlways,
                              "0000000000000000000000000000000000000000000000000000000000000000", true};

std::string thread_name(pid_t tid) {
  const UniqueFd file(::open(("/proc/" + std::to_string(tid) + "/comm").c_str(), O_RDONLY | O_CLOEXEC));
  char text[64];
  const ssize_t got = file ? ::read(file.get(), text, sizeof text) : 0;
  const std::string name(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  return name.empty() ? "a thread that was gone" : name.substr(0, name.find('\n'));
}

/// One question: written down, and answered by letting the call through.
Result<void> hear(int listener, CallLog& log) {
  alignas(seccomp_notif) char buffer[256] = {};  // zeroed for the kernel, whose structure may have grown
  if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, buffer) < 0) {
    if (errno == ENOENT || errno == EINTR) return {};  // who asked was interrupted, or is dead
    return errno_error("receive a seccomp notification");
  }
  const auto& notice = *reinterpret_cast<const seccomp_notif*>(buffer);
  const auto number = static_cast<std::uint32_t>(notice.data.nr);
  std::uint64_t args[6];
  std::copy_n(notice.data.args, 6, args);
  log.note(number, args, log.calls.contains(number) ? "" : thread_name(static_cast<pid_t>(notice.pid)));

  alignas(seccomp_notif_resp) char answer[256] = {};
  auto& response = *reinterpret_cast<seccomp_notif_resp*>(answer);
  response.id = notice.id;
  if (is_refused_politely(number)) {
    response.error = -ENOSYS;
  } else {
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  }
  if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, answer) < 0 && errno != ENOENT && errno != EINTR) {
    return errno_error("answer a seccomp notification");
  }
  return {};
}

}  // namespace

Result<Lesson> learn(const Surroundings& surroundings, const RunSpec& spec) {
  if (!surroundings.kernel.hears_violations)
    return host_error("--learn needs seccomp user notification, which this kernel has not (Linux 5.5)");
  CallLog log;
  Lesson lesson;
  lesson.result =
      TRY(run_listening(surroundings, spec, kLearning, [&](int listener) { return hear(listener, log); }));
  lesson.profile = profile_of(log, spec.argv.front());
  return lesson;
}

}  // namespace bailiff
