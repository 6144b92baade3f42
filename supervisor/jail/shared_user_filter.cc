#include "jail/shared_user_filter.h"

#include <linux/audit.h>
#include <linux/ioprio.h>
#include <linux/seccomp.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace bailiff {
namespace {

constexpr unsigned kKeeper = 1;

#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#endif

sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset));
}
/// The low half: pid_t and int are all that these calls read of an argument.
sock_filter load_argument(unsigned n) {
  return load(offsetof(seccomp_data, args) + sizeof(std::uint64_t) * n);
}
sock_filter unless(unsigned value, unsigned char skip) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}
sock_filter refuse() { return BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM); }

}  // namespace

std::vector<sock_filter> shared_user_filter(std::span<const sock_filter> profile) {
  std::vector<sock_filter> code;
  code.push_back(load(offsetof(seccomp_data, nr)));
  for (const int nr :
       {SYS_prlimit64, SYS_sched_setparam, SYS_sched_setscheduler, SYS_sched_setattr, SYS_sched_setaffinity,
        SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_pidfd_open}) {
    code.insert(code.end(), {unless(static_cast<unsigned>(nr), 4), load_argument(0), unless(kKeeper, 1),
                             refuse(), load(offsetof(seccomp_data, nr))});
  }
  // A user has 200 keys in all (kernel.keys.maxkeys), too few for a keyring of each run's own.
  for (const int nr : {SYS_add_key, SYS_request_key, SYS_keyctl})
    code.insert(code.end(), {unless(static_cast<unsigned>(nr), 1), refuse()});
  // Of a whole user: the keeper is one of them.
  const struct {
    unsigned nr, process, user;
  } priorities[] = {{SYS_setpriority, PRIO_PROCESS, PRIO_USER},
                    {SYS_ioprio_set, IOPRIO_WHO_PROCESS, IOPRIO_WHO_USER}};
  for (const auto& call : priorities) {
    code.insert(code.end(), {unless(call.nr, 8), load_argument(0), unless(call.user, 1), refuse(),
                             unless(call.process, 3), load_argument(1), unless(kKeeper, 1), refuse(),
                             load(offsetof(seccomp_data, nr))});
  }
  // Numbers mean something else elsewhere.
  const auto length = static_cast<unsigned>(code.size());
  code.insert(code.begin(),
              {load(offsetof(seccomp_data, arch)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
               BPF_STMT(BPF_JMP | BPF_JA, length)});
  if (profile.empty()) code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  code.insert(code.end(), profile.begin(), profile.end());
  return code;
}

}  // namespace bailiff
