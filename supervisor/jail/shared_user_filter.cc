#include "jail/shared_user_filter.h"

#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>

#include "jail/filter_code.h"

namespace bailiff {
namespace {

constexpr unsigned kKeeper = 1;

// ioprio_set(2). Not from linux/ioprio.h: since Debian's 6.1.192 that is C only, with a parameter called `class`.
constexpr unsigned kIoprioOfProcess = 1, kIoprioOfUser = 3;

}  // namespace

std::vector<sock_filter> shared_user_filter(std::span<const sock_filter> profile) {
  using namespace bpf;  // NOLINT(google-build-using-namespace): the words of this one function
  std::vector<sock_filter> code;
  for (const int nr :
       {SYS_prlimit64, SYS_sched_setparam, SYS_sched_setscheduler, SYS_sched_setattr, SYS_sched_setaffinity,
        SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_pidfd_open}) {
    code.insert(code.end(), {unless(static_cast<unsigned>(nr), 4), load_argument(0), unless(kKeeper, 1),
                             refuse(EPERM), load_number()});
  }
  // A user has 200 keys in all (kernel.keys.maxkeys), too few for a keyring of each run's own.
  for (const int nr : {SYS_add_key, SYS_request_key, SYS_keyctl})
    code.insert(code.end(), {unless(static_cast<unsigned>(nr), 1), refuse(EPERM)});
  // Of a whole user: the keeper is one of them.
  const struct {
    unsigned nr, process, user;
  } priorities[] = {{SYS_setpriority, PRIO_PROCESS, PRIO_USER},
                    {SYS_ioprio_set, kIoprioOfProcess, kIoprioOfUser}};
  for (const auto& call : priorities) {
    code.insert(code.end(), {unless(call.nr, 8), load_argument(0), unless(call.user, 1), refuse(EPERM),
                             unless(call.process, 3), load_argument(1), unless(kKeeper, 1), refuse(EPERM),
                             load_number()});
  }
  return put_before(profile, std::move(code));
}

}  // namespace bailiff
