#include "jail/judge.h"

#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace bailiff {
namespace {

struct StopWords {
  Verdict status;
  const char* reason;
  const char* limit;
};

/// Indexed by Stop.
constexpr StopWords kStopWords[] = {
    {Verdict::kMemoryLimit, "peak", "memory"},   {Verdict::kTimeLimit, "cpu", "cpu_time"},
    {Verdict::kTimeLimit, "wall", "wall_time"},  {Verdict::kOutputLimit, "stdout", "output"},
    {Verdict::kOutputLimit, "stderr", "output"}, {Verdict::kViolation, "seccomp", ""},
    {Verdict::kCancelled, "caller", ""},
};

void exceed(Judgement& out, const char* limit) {
  if (*limit != 0 &&
      std::find(out.limits_exceeded.begin(), out.limits_exceeded.end(), limit) == out.limits_exceeded.end()) {
    out.limits_exceeded.emplace_back(limit);
  }
}

/// Indexed by Step: what the child was doing when it could not go on.
constexpr const char* kStepNames[] = {
    "",        "clone",         "user namespace", "setsid",       "keyring",     "cgroup.procs",
    "stdio",   "oom_score_adj", "landlock",       "rlimit",       "workdir",     "groups",
    "gid",     "uid",           "capset",         "no_new_privs", "signal mask", "close_range",
    "seccomp", "exec"};

std::string describe(const StepFailure& failure) {
  std::string text = kStepNames[static_cast<int>(failure.step)];
  if (failure.step == Step::kRlimit) text.append(" ").append(std::to_string(failure.detail));
  return text.append(": ").append(std::strerror(failure.error));
}

/// R2: exec never happened.
Judgement never_started(const StepFailure& failure) {
  Judgement out;
  if (failure.step != Step::kExec) {
    out.reason = "setup";
    out.reason_detail = describe(failure);
    return out;  // IE: ours
  }
  out.status = Verdict::kRuntimeError;
  out.reason = "exec_failed";
  switch (failure.error) {
    case ENOENT:
    case ENOTDIR:
      out.reason_detail = "not_found";
      break;
    case EACCES:
    case EPERM:
    case EISDIR:
    case ELOOP:
      out.reason_detail = "permission";
      break;
    case ENOEXEC:
    case EINVAL:
    case ELIBBAD:
      out.reason_detail = "bad_format";
      break;
    case ENOMEM:  // the image does not fit below RLIMIT_AS
      out.status = Verdict::kMemoryLimit;
      out.reason = "static_image";
      exceed(out, "memory");
      break;
    default:
      out.status = Verdict::kInternalError;
      out.reason = "setup";
      out.reason_detail = describe(failure);
  }
  return out;
}

}  // namespace

Judgement judge(const Outcome& run, const Limits& limits) {
  Judgement out;
  if (run.keeper_lost) {
    out.reason = "lost_child";
    return out;
  }
  if (run.failure) return never_started(*run.failure);

  const bool signalled = WIFSIGNALED(run.status);
  const int signal = signalled ? WTERMSIG(run.status) : 0;
  if (run.image_too_large && signalled) {  // the kernel ends who is past the point of no return in execve(2)
    out.status = Verdict::kMemoryLimit;
    out.reason = "static_image";
    exceed(out, "memory");
    return out;
  }
  const bool oom = run.oom_kills > 0 && limits.memory && run.ooms > 0;
  const bool cpu_over = limits.cpu_time && run.cpu_time > *limits.cpu_time;
  const bool wall_over = run.wall_time > limits.wall_time;
  const bool memory_over = limits.memory && run.peak_memory > *limits.memory;
  const bool stdout_over = run.stdout_bytes > limits.output.count;
  const bool stderr_over = run.stderr_bytes > limits.output.count;
  // SIGXFSZ alone proves nothing: the program can raise it; and many runtimes ignore it and fail of EFBIG
  // instead. The evidence is a file that is as large as allowed, beside a run that failed.
  const bool failed = run.status != 0;
  const bool file_over = run.file_at_ceiling && failed;
  const bool disk_over = run.disk_full && failed;
  const bool inodes_over = run.inodes_full && failed;

  if (oom || memory_over) exceed(out, "memory");
  if (cpu_over) exceed(out, "cpu_time");
  if (wall_over) exceed(out, "wall_time");
  if (stdout_over || stderr_over) exceed(out, "output");
  if (file_over) exceed(out, "file_size");
  if (disk_over) exceed(out, "disk_bytes");
  if (inodes_over) exceed(out, "disk_inodes");
  if (run.refused_forks > 0) exceed(out, "processes");

  const auto say = [&out](Verdict status, const char* reason) {
    out.status = status;
    out.reason = reason;
    return out;
  };

  // The machine or a group above ran out of memory and took the run, whose score makes it the first to go.
  if (run.oom_kills > 0 && !oom) {
    out.killed_by = "kernel_oom";
    out.reason = "host";
    return out;
  }

  // R3: an enforcement ended it, and what was enforced first is the verdict. Our SIGKILL must have been what
  // ended it: a program that finished on its own in the same moment is judged by R5.
  if (!run.stops.empty() && signal == SIGKILL) {
    for (const Stop stop : run.stops) exceed(out, kStopWords[static_cast<int>(stop)].limit);
    out.killed_by = run.stops.front() == Stop::kCancelled ? "caller" : "supervisor";
    // The kernel's OOM killer may have been faster than we; its count cannot be forged.
    if (oom && run.stops.front() != Stop::kMemory) {
      out.killed_by = "kernel_oom";
      return say(Verdict::kMemoryLimit, "oom_kill");
    }
    const StopWords& words = kStopWords[static_cast<int>(run.stops.front())];
    return say(words.status, words.reason);
  }

  // R5: it ended by itself, or by the kernel.
  if (oom) {
    out.killed_by = "kernel_oom";
    return say(Verdict::kMemoryLimit, "oom_kill");
  }
  if (cpu_over) {
    // RLIMIT_CPU is the backstop behind our timer: SIGXCPU at its soft limit, SIGKILL at its hard one.
    if (signal == SIGXCPU || signal == SIGKILL) out.killed_by = "kernel_rlimit";
    return say(Verdict::kTimeLimit, "cpu");
  }
  if (wall_over) return say(Verdict::kTimeLimit, "wall");
  if (memory_over) return say(Verdict::kMemoryLimit, "peak");
  if (stdout_over) return say(Verdict::kOutputLimit, "stdout");
  if (stderr_over) return say(Verdict::kOutputLimit, "stderr");
  if (file_over) {
    if (signal == SIGXFSZ) out.killed_by = "kernel_rlimit";
    return say(Verdict::kOutputLimit, "file_size");
  }
  if (disk_over) return say(Verdict::kOutputLimit, "disk");
  if (inodes_over) return say(Verdict::kOutputLimit, "inodes");
  if (std::find(run.stops.begin(), run.stops.end(), Stop::kViolation) != run.stops.end()) {
    return say(Verdict::kViolation, "seccomp");
  }
  if (signalled) {
    if (signal == SIGKILL)
      out.killed_by = "unknown";  // nobody of ours sent it: the program itself, or the host
    return say(Verdict::kRuntimeError, "signal");
  }
  if (failed) return say(Verdict::kRuntimeError, "exit");
  if (run.files_missing) {
    out.status = Verdict::kFileError;
    out.reason = run.file_reason;
    return out;
  }
  out.status = Verdict::kOk;
  return out;
}

}  // namespace bailiff
