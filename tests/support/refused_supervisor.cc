// bailiff-supervisor on a kernel that knows less: a stand-in for the binary wherever a test takes
// $BAILIFF_SUPERVISOR. Refuses, by a seccomp filter, what gVisor and older kernels lack: pidfd_*, openat2, clone3
// (and with it CLONE_INTO_CGROUP), fsopen, seccomp user notification, the flags of close_range, splice of a memfd, and
// larger pipes.

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <iterator>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

int main(int, char** argv) {
  constexpr unsigned kNoSys = SECCOMP_RET_ERRNO | ENOSYS;
  constexpr unsigned kInvalid = SECCOMP_RET_ERRNO | EINVAL;
  constexpr auto arg = [](int n) { return static_cast<unsigned>(offsetof(seccomp_data, args) + sizeof(__u64) * static_cast<unsigned>(n)); };
  const sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 15, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_send_signal, 14, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_getfd, 13, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 12, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 11, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fsopen, 10, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_splice, 11, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arg(2)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 7, 8),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arg(1)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_SETPIPE_SZ, 5, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, arg(1)),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SECCOMP_FILTER_FLAG_NEW_LISTENER, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kNoSys),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, kInvalid),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(code)), const_cast<sock_filter*>(code)};
  // As root no no_new_privs is needed, and setting it would change what is under test.
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
    std::perror("seccomp");
    return 125;
  }
  // Seen to refuse, or the lane would prove nothing.
  if (::syscall(SYS_clone3, nullptr, 0) != -1 || errno != ENOSYS || ::syscall(SYS_close_range, 1000, 1000, 4) != -1 ||
      errno != EINVAL || ::syscall(SYS_openat2, -1, "", nullptr, 0) != -1 || errno != ENOSYS ||
      ::syscall(SYS_fsopen, "tmpfs", 0) != -1 || errno != ENOSYS ||
      ::splice(-1, nullptr, -1, nullptr, 1, 0) != -1 || errno != EINVAL || ::fcntl(-1, F_SETPIPE_SZ, 1) != -1 ||
      errno != EINVAL) {
    std::fputs("refused_supervisor: the filter refuses nothing\n", stderr);
    return 125;
  }
  argv[0] = const_cast<char*>(BAILIFF_SUPERVISOR_BUILT);
  ::execv(argv[0], argv);
  std::perror(argv[0]);
  return 126;
}
