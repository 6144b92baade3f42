#include "jail/filter_file.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <nettle/sha2.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"

namespace bailiff {
namespace {

constexpr std::string_view kSuffix = ".bpf";

Error wrong(const std::string& path, const std::string& reason) {
  return request_error("--seccomp", path + " " + reason);
}

#if defined(__aarch64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#endif

std::string machine_name(std::uint32_t machine) {
  if (machine == AUDIT_ARCH_X86_64) return "x86_64";
  if (machine == AUDIT_ARCH_AARCH64) return "aarch64";
  return "machine " + std::to_string(machine);
}

std::array<std::uint8_t, SHA256_DIGEST_SIZE> sha256_of(const std::vector<sock_filter>& code) {
  sha256_ctx context;
  sha256_init(&context);
  const auto bytes = std::as_bytes(std::span(code));
  sha256_update(&context, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest = {};
  sha256_digest(&context, digest.size(), digest.data());
  return digest;
}

std::string hexadecimal(const std::array<std::uint8_t, SHA256_DIGEST_SIZE>& digest) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : digest) {
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  return text;
}

Result<std::vector<sock_filter>> read_code(const std::string& path) {
  // O_NONBLOCK: a fifo that nobody writes to is refused, not waited for.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status = {};
  if (!file || ::fstat(file.get(), &status) < 0)
    return wrong(path, std::string("cannot be read: ") + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return wrong(path, "is not a regular file");

  FilterFileHead head;
  const ssize_t got = ::pread(file.get(), &head, sizeof head, 0);
  if (got < 0) return wrong(path, std::string("cannot be read: ") + std::strerror(errno));
  if (got != sizeof head) return wrong(path, "is truncated: it ends within its first 48 bytes");
  if (head.format != FilterFileHead::kFormat)
    return wrong(path, "is not what this version's bailiff-seccomp compile writes");
  if (head.machine != kMachine) {
    return wrong(path,
                 "is for " + machine_name(head.machine) + "; this machine is " + machine_name(kMachine));
  }
  if (head.count == 0 || head.count > BPF_MAXINSNS) {
    return wrong(path, "has " + std::to_string(head.count) + " instructions; the kernel takes 1 to " +
                           std::to_string(BPF_MAXINSNS));
  }
  std::vector<sock_filter> code(head.count);
  const std::size_t bytes = code.size() * sizeof(sock_filter);
  const auto wanted = static_cast<off_t>(sizeof head + bytes);
  if (status.st_size != wanted ||
      ::pread(file.get(), code.data(), bytes, sizeof head) != static_cast<ssize_t>(bytes)) {
    return wrong(path, std::string(status.st_size < wanted ? "is truncated" : "goes on after its end") +
                           ": " + std::to_string(wanted) + " bytes belong to it, it has " +
                           std::to_string(status.st_size));
  }
  if (sha256_of(code) != head.sha256)
    return wrong(path, "is damaged: its instructions do not have the SHA-256 it says");
  return code;
}

/// What the process that tried a filter exits with.
enum Tried : int { kFits, kNotLoaded, kNoClock, kNoExec, kNoEnd };

[[noreturn]] void end(Tried tried) {
  ::syscall(SYS_exit_group, tried);
  ::_exit(kNoEnd);  // the C library has another call to fall back on, our keeper's child has not
}

[[noreturn]] void try_here(const std::vector<sock_filter>& code) {
  const sock_fprog program = {static_cast<unsigned short>(code.size()),
                              const_cast<sock_filter*>(code.data())};
  // SIGSYS dumps core, which the end of a trial is not worth.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
    end(kNotLoaded);
  }
  // System calls, not the C library's: its clock_gettime asks the kernel only where it must.
  timespec time = {};
  if (::syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &time) < 0) end(kNoClock);
  const bool may_exec = ::syscall(SYS_execve, nullptr, nullptr, nullptr) < 0 && errno == EFAULT;
  end(may_exec ? kFits : kNoExec);
}

Result<void> try_out(const std::string& path, const std::vector<sock_filter>& code) {
  const pid_t child = ::fork();
  if (child < 0) return errno_error("fork");
  if (child == 0) try_here(code);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return errno_error("wait for the trial of " + path);
  }
  if (!WIFEXITED(status)) {
    return wrong(path, "refuses even clock_gettime, execve or exit_group, which every run needs");
  }
  switch (WEXITSTATUS(status)) {
    case kFits:
      return {};
    case kNotLoaded:
      return wrong(path, "is no filter: the kernel does not take it");
    case kNoClock:
      return wrong(path, "refuses clock_gettime, which every run needs: it tells when the run starts");
    case kNoExec:
      return wrong(path, "refuses execve, with which every run starts");
    default:
      return wrong(path, "refuses exit_group, which every run needs: one that cannot start ends by it");
  }
}

}  // namespace

Result<void> FilterSet::add(const std::string& path) {
  if (!path.starts_with('/')) return wrong(path, "is not an absolute path");
  const std::string file = path.substr(path.rfind('/') + 1);
  if (!file.ends_with(kSuffix) || file.size() == kSuffix.size())
    return wrong(path, "is not named NAME.bpf, NAME being what a run asks for");
  const std::string name = file.substr(0, file.size() - kSuffix.size());
  if (name.size() > 64 ||
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") != std::string::npos)
    return wrong(path, "has a name no run can ask for: 1 to 64 of a-z 0-9 _ -");
  if (find(name) != nullptr) return wrong(path, "would be a second filter named \"" + name + "\"");

  std::vector<sock_filter> code = TRY(read_code(path));
  TRY(try_out(path, code));
  std::string sha256 = hexadecimal(sha256_of(code));
  auto loaded = std::make_shared<Loaded>(Loaded{name, std::move(code), std::move(sha256), {}});
  loaded->filter = Filter{loaded->name, loaded->code, loaded->sha256, asks_listener(loaded->code)};
  loaded_.push_back(std::move(loaded));
  return {};
}

const Filter* FilterSet::find(std::string_view name) const {
  if (const Filter* embedded = find_filter(name)) return embedded;
  for (const auto& loaded : loaded_) {
    if (loaded->name == name) return &loaded->filter;
  }
  return nullptr;
}

Error FilterSet::unknown(const std::string& key, const std::string& name) const {
  std::vector<std::string_view> names;
  for (const Filter& filter : all_filters()) names.push_back(filter.name);
  for (const auto& loaded : loaded_) names.emplace_back(loaded->name);
  std::string there;
  for (const std::string_view one : names) there.append(there.empty() ? "" : ", ").append(one);
  return request_error(key, "no profile named \"" + name + "\"; there are " + there);
}

}  // namespace bailiff
