#pragma once

#include <span>
#include <string_view>

#include "seccomp/filter.h"

namespace bailiff {

/// What `bailiff-supervisor run --learn` tells apart, as names; embed() turns them into numbers.
struct NamedLearnable {
  std::string_view call;
  std::string_view argument;
  Learnable::Kind kind;
  std::span<const std::string_view> constants;  ///< of several that fit, the first is taken
};

std::span<const NamedLearnable> learnable_arguments_by_name();

}  // namespace bailiff
