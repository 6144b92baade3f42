// bailiff-supervisor where no control group is its own, as in gVisor: a stand-in for the binary wherever a test takes
// $BAILIFF_SUPERVISOR. Answers EACCES, by a seccomp filter, when it asks whether it may write to one (faccessat2(2) with
// AT_EACCESS, which it does for nothing else).

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <iterator>

int main(int, char** argv) {
  const sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_faccessat2, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args) + 3 * sizeof(__u64)),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, AT_EACCESS, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(code)), const_cast<sock_filter*>(code)};
  // As root no no_new_privs is needed, and setting it would change what is under test.
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
    std::perror("seccomp");
    return 125;
  }
  // Seen to refuse, or the lane would prove nothing.
  if (::faccessat(AT_FDCWD, "/", R_OK, AT_EACCESS) != -1 || errno != EACCES) {
    std::fputs("ungrouped_supervisor: the filter refuses nothing\n", stderr);
    return 125;
  }
  argv[0] = const_cast<char*>(BAILIFF_SUPERVISOR_BUILT);
  ::execv(argv[0], argv);
  std::perror(argv[0]);
  return 126;
}
