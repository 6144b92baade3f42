// bailiff-supervisor in a plain container, `docker run --cap-drop ALL --cap-add SETUID --cap-add SETGID --cap-add KILL`: a stand-in for the
// binary wherever a test takes $BAILIFF_SUPERVISOR. Namespaces as a container has them, those three capabilities, and
// what Docker's default seccomp profile refuses a process without CAP_SYS_ADMIN; with BAILIFF_PLAIN_LANDLOCK=no also
// Landlock, which that of Engine 20.10 refuses. Process 1 is an init, which says so on standard error and exits with 99
// when the supervisor leaves a process behind.

#include <dirent.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr int kNamespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "plain_supervisor: %s: %s\n", what, std::strerror(errno));
  ::_exit(125);
}

void keep_three_capabilities() {
  for (int capability = 0; capability <= 63; ++capability) {
    if (capability == CAP_SETUID || capability == CAP_SETGID || capability == CAP_KILL) continue;
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0 && errno != EINVAL) give_up("drop a capability");
  }
}

void load_filter(bool landlock) {
  std::vector<sock_filter> code = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  const auto refuse = [&](long nr, unsigned error) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(nr), 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
  };
  for (const long nr : {SYS_mount, SYS_umount2, SYS_pivot_root, SYS_unshare, SYS_setns, SYS_keyctl, SYS_add_key,
                        SYS_request_key, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_sethostname})
    refuse(nr, EPERM);
  refuse(SYS_clone3, ENOSYS);
  if (!landlock) refuse(SYS_landlock_create_ruleset, EPERM);
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
  code.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x7e020000, 0, 1));
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program = {static_cast<unsigned short>(code.size()), code.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) give_up("seccomp");
}

/// Processes beside us, zombies too: an init that reaps has none.
int others() {
  int found = 0;
  DIR* proc = ::opendir("/proc");
  if (proc == nullptr) give_up("open /proc");
  while (const dirent* entry = ::readdir(proc)) {
    const int pid = std::atoi(entry->d_name);
    if (pid <= 1) continue;
    if (::waitpid(pid, nullptr, WNOHANG | __WALL) != pid) ++found;
  }
  ::closedir(proc);
  return found;
}

[[noreturn]] void be_init(char** argv, bool landlock) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
      ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) < 0)
    give_up("mount /proc");
  const pid_t supervisor = ::fork();
  if (supervisor < 0) give_up("fork");
  if (supervisor == 0) {
    load_filter(landlock);
    keep_three_capabilities();
    // Seen to refuse, or the lane would prove nothing.
    if (::unshare(CLONE_NEWUSER) == 0 || ::syscall(SYS_clone3, nullptr, 0) == 0 || errno != ENOSYS) {
      std::fputs("plain_supervisor: the filter refuses nothing\n", stderr);
      ::_exit(125);
    }
    argv[0] = const_cast<char*>(BAILIFF_SUPERVISOR_BUILT);
    ::execv(argv[0], argv);
    give_up(argv[0]);
  }
  int status = 0;
  for (pid_t pid = 0; pid != supervisor;) pid = ::waitpid(-1, &status, 0);
  // After its death by SIGKILL the keeper needs a moment.
  int left = others();
  for (int i = 0; left > 0 && WIFSIGNALED(status) && i < 2000; ++i) {
    ::usleep(5000);
    left = others();
  }
  if (left > 0) {
    std::fprintf(stderr, "plain_supervisor: %d processes left behind\n", left);
    ::_exit(99);
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

}  // namespace

int main(int, char** argv) {
  const char* landlock = std::getenv("BAILIFF_PLAIN_LANDLOCK");
  if (::unshare(kNamespaces) < 0) give_up("unshare");
  const pid_t init = ::fork();
  if (init < 0) give_up("fork");
  if (init == 0) be_init(argv, landlock == nullptr || std::strcmp(landlock, "no") != 0);
  int status = 0;
  ::waitpid(init, &status, 0);
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
