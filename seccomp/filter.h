#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace bailiff {

/// A seccomp filter built with this program from seccomp/profiles/<name>.json, ready for seccomp(2).
/// Static data: finding one allocates nothing, and needs no libseccomp.
struct Filter {
  std::string_view name;
  std::span<const sock_filter> code;
  std::string_view sha256;  ///< of the bytes of `code`, in lower-case hex
  bool notifies;  ///< some call is answered with SECCOMP_RET_USER_NOTIF: a violation, if listened to
};

/// What a .bpf file begins with; its instructions follow, and nothing else. Written by `bailiff-seccomp
/// compile`, read by the supervisor. Little-endian, as both our machines are.
struct FilterFileHead {
  std::array<char, 8> format = kFormat;
  std::uint32_t machine = 0;                 ///< AUDIT_ARCH_* (linux/audit.h)
  std::uint32_t count = 0;                   ///< of instructions, 8 bytes each
  std::array<std::uint8_t, 32> sha256 = {};  ///< of the instructions' bytes

  static constexpr std::array<char, 8> kFormat = {'b', 'a', 'i', 'l', 'i', 'f', 'f', '1'};
};
static_assert(sizeof(FilterFileHead) == 48 && std::has_unique_object_representations_v<FilterFileHead>);

/// Whether a filter answers some call with SECCOMP_RET_USER_NOTIF.
inline bool asks_listener(std::span<const sock_filter> code) {
  return std::any_of(code.begin(), code.end(), [](const sock_filter& line) {
    return line.code == (BPF_RET | BPF_K) && (line.k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF;
  });
}

/// The embedded filter of that name, or nullptr.
const Filter* find_filter(std::string_view name);

/// All of them, by name.
std::span<const Filter> all_filters();

/// A constant of the kernel's interface, as profiles name it.
struct NamedConstant {
  std::string_view name;
  std::uint32_t value;
};

/// An argument whose values a learnt profile tells apart (jail/learnt_profile.h).
struct Learnable {
  enum class Kind {
    kValues,  ///< each value seen is allowed, no other: a command, or an exact combination of bits
    kBits,    ///< every bit seen is allowed, no other
  };
  std::uint32_t call;
  unsigned argument;
  std::string_view argument_name;
  Kind kind;
  std::span<const NamedConstant> constants;
};
std::span<const Learnable> learnable_arguments();

/// The name of this machine's system call of that number; empty when our tables have none.
std::string_view name_of_call(std::uint32_t number);

}  // namespace bailiff
