#pragma once

#include <cstdint>
#include <string_view>

#include "seccomp/calls.h"
#include "supervisor/base/result.h"

namespace bailiff {

/// Evaluates `A | B`, `~A`, parentheses and, where the interface has no name for it, one digit.
///
/// Error: the text that is no constant, or where the expression breaks off.
Result<std::uint64_t> evaluate(Arch arch, std::string_view expression);

}  // namespace bailiff
