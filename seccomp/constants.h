#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "seccomp/calls.h"

namespace bailiff {

/// The value of a constant of the kernel's interface ("CLONE_NEWUSER"); nothing when we have no such name.
std::optional<std::uint64_t> constant_value(Arch arch, std::string_view name);

/// The number behind an errno's name ("ENOSYS").
std::optional<std::uint16_t> errno_value(std::string_view name);

}  // namespace bailiff
