// bailiff-supervisor on a kernel whose cgroups have less: a stand-in for the binary. No memory.peak (before Linux 5.19)
// and no cgroup.kill (before 5.14): this process hears of every openat below it and answers ENOENT for those names. Under
// it no other filter can have a listener.

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <string_view>

namespace {

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "older_supervisor: %s: %s\n", what, std::strerror(errno));
  ::_exit(125);
}

int load_filter() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(code)), code};
  const long listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
  if (listener < 0) give_up("seccomp");
  return static_cast<int>(listener);
}

bool is_newer(pid_t pid, std::uint64_t name_address) {
  char name[4096];
  // Up to the end of its page, which is all that is sure to be there.
  const std::size_t here = std::min<std::size_t>(sizeof name - 1, 4096 - name_address % 4096);
  const iovec ours = {name, here}, theirs = {reinterpret_cast<void*>(name_address), here};
  const ssize_t got = ::process_vm_readv(pid, &ours, 1, &theirs, 1, 0);
  if (got <= 0) return false;
  name[got] = 0;
  std::string_view base = name;
  base.remove_prefix(base.rfind('/') == base.npos ? 0 : base.rfind('/') + 1);
  return base == "memory.peak" || base == "cgroup.kill";
}

void answer(int listener) {
  alignas(8) unsigned char buffer[512] = {};
  if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, buffer) < 0) return;  // whoever asked is dead
  const auto& asked = *reinterpret_cast<const seccomp_notif*>(buffer);
  alignas(8) unsigned char reply[512] = {};
  auto& said = *reinterpret_cast<seccomp_notif_resp*>(reply);
  said.id = asked.id;
  if (is_newer(static_cast<pid_t>(asked.pid), asked.data.args[1])) {
    said.error = -ENOENT;
  } else {
    said.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  }
  ::ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, reply);
}

}  // namespace

int main(int, char** argv) {
  int ready[2], go[2];
  if (::pipe2(ready, O_CLOEXEC) < 0 || ::pipe2(go, O_CLOEXEC) < 0) give_up("pipe2");
  const pid_t child = ::fork();
  if (child < 0) give_up("fork");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int listener = load_filter();
    char byte = 0;
    if (::write(ready[1], &listener, sizeof listener) < 0 || ::read(go[0], &byte, 1) != 1) ::_exit(125);
    ::close(listener);
    argv[0] = const_cast<char*>(BAILIFF_SUPERVISOR_BUILT);
    ::execv(argv[0], argv);
    give_up(argv[0]);
  }
  int number = -1;
  if (::read(ready[0], &number, sizeof number) != sizeof number) give_up("no listener");
  const auto child_fd = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  const auto listener = static_cast<int>(::syscall(SYS_pidfd_getfd, child_fd, number, 0));
  if (listener < 0) give_up("take the listener");
  if (::write(go[1], "", 1) != 1) give_up("go");
  for (int fd = 0; fd < 2; ++fd) ::close(fd);  // their ends are the supervisor's
  // The keeper is gone before the supervisor. Until that is reaped, the listener says nothing of its end.
  for (pollfd waiting[] = {{listener, POLLIN, 0}, {child_fd, POLLIN, 0}}; waiting[1].revents == 0;) {
    ::poll(waiting, 2, -1);
    if ((waiting[0].revents & POLLIN) != 0) answer(listener);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
