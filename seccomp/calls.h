#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/base/result.h"

namespace bailiff {

/// The machines a filter can be built for, whichever machine builds it.
enum class Arch { kX86_64, kAarch64 };

inline constexpr Arch kArches[] = {Arch::kX86_64, Arch::kAarch64};

#if defined(__aarch64__)
inline constexpr Arch kNativeArch = Arch::kAarch64;
#else
inline constexpr Arch kNativeArch = Arch::kX86_64;
#endif

std::string_view arch_name(Arch arch);  ///< as `uname -m` spells it
std::optional<Arch> arch_from_name(std::string_view name);

/// The number of a call, or nothing when this machine has no such call.
/// Source: libseccomp's tables, and kSupplement in calls.cc for calls younger than the library.
std::optional<std::uint32_t> call_number(Arch arch, std::string_view name);

/// The reverse; nothing for a number that no table of ours names.
std::optional<std::string> call_name(Arch arch, std::uint32_t number);

/// Above every number in use, below the x32 bit: the end of the search for names.
inline constexpr std::uint32_t kBeyondAllNames = 1024;

/// First and last number of a run of numbers without a name.
struct NumberRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

/// The numbers below 2^32 that no table of ours names, ascending: holes, and all that is younger than us.
std::vector<NumberRange> unknown_numbers(Arch arch);

/// What an argument is, as far as a filter may look at it.
enum class ArgumentKind { kInteger, kPointer };

struct Argument {
  unsigned index = 0;
  ArgumentKind kind = ArgumentKind::kInteger;
};

/// The argument `which` of `call`: its name, or one digit. Calls whose arguments are not listed are refused:
/// nobody has said yet which of them are pointers.
Result<Argument> find_argument(std::string_view call, std::string_view which);

}  // namespace bailiff
