#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

/// To put calls before or behind a profile because this host lacks something that the profile counts on. By
/// hand, for the engine sees of seccomp/ only compiled filters.
namespace bailiff::bpf {

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

inline sock_filter skip(unsigned count) { return BPF_STMT(BPF_JMP | BPF_JA, count); }
inline sock_filter allow() { return BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW); }

/// `code` with the call's number loaded before it; skipped for an architecture not ours, where numbers mean
/// something else.
inline std::vector<sock_filter> for_our_numbers(std::vector<sock_filter> code) {
  code.insert(code.begin(), load_number());
  const auto length = static_cast<unsigned>(code.size());
  code.insert(code.begin(), {load(offsetof(seccomp_data, arch)),
                             BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0), skip(length)});
  return code;
}

/// `code` first; what it lets fall through is the profile's to judge.
inline std::vector<sock_filter> put_before(std::span<const sock_filter> profile,
                                           std::vector<sock_filter> code) {
  code = for_our_numbers(std::move(code));
  if (profile.empty()) code.push_back(allow());
  code.insert(code.end(), profile.begin(), profile.end());
  return code;
}

/// The profile first; `code` then looks at what that allows. So a violation of the profile stays one.
inline std::vector<sock_filter> put_behind(std::span<const sock_filter> profile,
                                           std::vector<sock_filter> code) {
  code = for_our_numbers(std::move(code));
  code.push_back(allow());
  std::vector<sock_filter> whole(profile.begin(), profile.end());
  const std::size_t end = whole.size();
  for (std::size_t i = 0; i < end; ++i) {
    if (whole[i].code == (BPF_RET | BPF_K) && whole[i].k == SECCOMP_RET_ALLOW)
      whole[i] = skip(static_cast<unsigned>(end - i - 1));
  }
  whole.insert(whole.end(), code.begin(), code.end());
  return whole;
}

}  // namespace bailiff::bpf
