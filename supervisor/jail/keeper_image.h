#pragma once

#include <cstddef>
#include <span>

namespace bailiff {

/// The keeper's executable, embedded at build time: the supervisor stays one file.
std::span<const std::byte> keeper_image();

}  // namespace bailiff
