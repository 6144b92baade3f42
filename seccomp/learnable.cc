#include "seccomp/learnable.h"

namespace bailiff {
namespace {

using Kind = Learnable::Kind;

constexpr std::string_view kCloneFlags[] = {"SIGCHLD",
                                            "CLONE_VM",
                                            "CLONE_FS",
                                            "CLONE_FILES",
                                            "CLONE_SIGHAND",
                                            "CLONE_PIDFD",
                                            "CLONE_PTRACE",
                                            "CLONE_VFORK",
                                            "CLONE_PARENT",
                                            "CLONE_THREAD",
                                            "CLONE_NEWNS",
                                            "CLONE_SYSVSEM",
                                            "CLONE_SETTLS",
                                            "CLONE_NEWUTS",
                                            "CLONE_NEWIPC",
                                            "CLONE_PARENT_SETTID",
                                            "CLONE_CHILD_CLEARTID",
                                            "CLONE_DETACHED",
                                            "CLONE_UNTRACED",
                                            "CLONE_NEWUSER",
                                            "CLONE_CHILD_SETTID",
                                            "CLONE_NEWCGROUP",
                                            "CLONE_NEWPID",
                                            "CLONE_NEWNET",
                                            "CLONE_IO"};
constexpr std::string_view kOpenFlags[] = {"O_SYNC",    "O_WRONLY",    "O_RDWR",     "O_CREAT",    "O_EXCL",
                                           "O_NOCTTY",  "O_TRUNC",     "O_APPEND",   "O_NONBLOCK", "O_DSYNC",
                                           "O_ASYNC",   "O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC",  "O_PATH",
                                           "O_NOATIME", "O_DIRECT",    "O_LARGEFILE"};
constexpr std::string_view kDomains[] = {"AF_UNIX",   "AF_INET", "AF_INET6", "AF_NETLINK",
                                         "AF_PACKET", "AF_ALG",  "AF_VSOCK"};
constexpr std::string_view kOptions[] = {"PR_SET_PDEATHSIG",
                                         "PR_GET_PDEATHSIG",
                                         "PR_GET_DUMPABLE",
                                         "PR_SET_DUMPABLE",
                                         "PR_SET_KEEPCAPS",
                                         "PR_SET_NAME",
                                         "PR_GET_NAME",
                                         "PR_GET_SECCOMP",
                                         "PR_SET_SECCOMP",
                                         "PR_CAPBSET_READ",
                                         "PR_SET_TIMERSLACK",
                                         "PR_GET_TIMERSLACK",
                                         "PR_SET_PTRACER",
                                         "PR_SET_CHILD_SUBREAPER",
                                         "PR_GET_CHILD_SUBREAPER",
                                         "PR_SET_NO_NEW_PRIVS",
                                         "PR_GET_NO_NEW_PRIVS",
                                         "PR_SET_THP_DISABLE",
                                         "PR_GET_THP_DISABLE",
                                         "PR_SET_VMA"};
constexpr std::string_view kCommands[] = {
    "F_DUPFD",  "F_DUPFD_CLOEXEC", "F_GETFD",      "F_SETFD",      "F_GETFL",      "F_SETFL",    "F_GETLK",
    "F_SETLK",  "F_SETLKW",        "F_OFD_GETLK",  "F_OFD_SETLK",  "F_OFD_SETLKW", "F_GETOWN",   "F_SETOWN",
    "F_SETSIG", "F_GETSIG",        "F_SETPIPE_SZ", "F_GETPIPE_SZ", "F_ADD_SEALS",  "F_GET_SEALS"};
constexpr std::string_view kRequests[] = {"TCGETS",     "TCSETS",    "TCSETSW",   "TCSETSF",  "TIOCGWINSZ",
                                          "TIOCSWINSZ", "TIOCGPGRP", "TIOCSPGRP", "TIOCGPTN", "FIONREAD",
                                          "FIONBIO",    "FIOCLEX",   "FIONCLEX",  "FIOASYNC"};

constexpr NamedLearnable kLearnable[] = {
    {"clone", "flags", Kind::kValues, kCloneFlags},    {"open", "flags", Kind::kBits, kOpenFlags},
    {"openat", "flags", Kind::kBits, kOpenFlags},      {"socket", "domain", Kind::kValues, kDomains},
    {"socketpair", "domain", Kind::kValues, kDomains}, {"prctl", "option", Kind::kValues, kOptions},
    {"fcntl", "cmd", Kind::kValues, kCommands},        {"ioctl", "request", Kind::kValues, kRequests},
};

}  // namespace

std::span<const NamedLearnable> learnable_arguments_by_name() { return kLearnable; }

}  // namespace bailiff
