#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <span>
#include <string>

namespace bailiff {

/// What the kernel would say to one system call.
struct BpfVerdict {
  std::uint32_t value = 0;  ///< SECCOMP_RET_* with its data
  std::uint32_t steps = 0;  ///< instructions executed
};

/// Why the kernel would refuse to load `code` as a seccomp filter; empty when it would take it.
/// Source: Linux net/core/filter.c bpf_check_classic, kernel/seccomp.c seccomp_check_filter.
std::string why_not_loadable(std::span<const sock_filter> code);

/// Runs a loadable `code` on one system call, as the kernel would: it lets filters for other machines be
/// tested.
BpfVerdict interpret(std::span<const sock_filter> code, const seccomp_data& call);

}  // namespace bailiff
