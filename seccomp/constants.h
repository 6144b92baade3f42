#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "seccomp/calls.h"
#include "supervisor/base/result.h"

namespace bailiff {

/// The value of a constant of the kernel's interface ("CLONE_NEWUSER"); nothing when we have no such name.
std::optional<std::uint64_t> constant_value(Arch arch, std::string_view name);

/// The number behind an errno's name ("ENOSYS").
std::optional<std::uint16_t> errno_value(std::string_view name);

/// Evaluates `A | B`, `~A`, parentheses and, where the interface has no name for it, one digit.
///
/// Error: the text that is no constant, or where the expression breaks off.
Result<std::uint64_t> evaluate(Arch arch, std::string_view expression);

}  // namespace bailiff
