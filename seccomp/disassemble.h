#pragma once

#include <linux/filter.h>

#include <span>
#include <string>

namespace bailiff {

/// One line per instruction of a filter that compile() made, for a person to follow.
std::string disassemble(std::span<const sock_filter> code);

}  // namespace bailiff
