#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// What stands before a profile because this host lacks something the profile counts on. By hand, for the engine sees
/// of seccomp/ only compiled filters.
namespace bailiff::prefix {

#if defined(__x86_64__)
inline constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
inline constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#endif

inline sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset));
}
inline sock_filter load_number() { return load(offsetof(seccomp_data, nr)); }
/// The low half: pid_t and int are all that these calls read of an argument.
inline sock_filter load_argument(unsigned n) {
  return load(offsetof(seccomp_data, args) + sizeof(std::uint64_t) * n);
}
inline sock_filter unless(unsigned value, unsigned char skip) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}
inline sock_filter refuse(unsigned error) { return BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error); }

/// `code`, which begins with the call's number loaded and ends so, then `profile`. Calls of an architecture not ours
/// are left to `profile`: numbers mean something else there.
inline std::vector<sock_filter> put_before(std::span<const sock_filter> profile, std::vector<sock_filter> code) {
  code.insert(code.begin(), load_number());
  const auto length = static_cast<unsigned>(code.size());
  code.insert(code.begin(),
              {load(offsetof(seccomp_data, arch)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
               BPF_STMT(BPF_JMP | BPF_JA, length)});
  if (profile.empty()) code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  code.insert(code.end(), profile.begin(), profile.end());
  return code;
}

}  // namespace bailiff::prefix
