// bailiff-supervisor started by somebody who is not root: a stand-in for the binary wherever a test takes
// $BAILIFF_SUPERVISOR. Gives up every capability and id first, for good.

#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>

int main(int, char** argv) {
  constexpr uid_t kNobodyInParticular = 61'234;
  for (int capability = 0; ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; ++capability) {
  }
  if (::setgroups(0, nullptr) < 0 || ::setresgid(kNobodyInParticular, kNobodyInParticular, kNobodyInParticular) < 0 ||
      ::setresuid(kNobodyInParticular, kNobodyInParticular, kNobodyInParticular) < 0) {
    std::perror("unprivileged_supervisor: become another user");
    return 125;
  }
  // Seen to have nothing, or the lane would prove nothing.
  if (::geteuid() != kNobodyInParticular || ::setuid(0) == 0 || ::access("/etc/shadow", R_OK) == 0) {
    std::fputs("unprivileged_supervisor: still privileged\n", stderr);
    return 125;
  }
  argv[0] = const_cast<char*>(BAILIFF_SUPERVISOR_BUILT);
  ::execv(argv[0], argv);
  std::perror(argv[0]);
  return 126;
}
