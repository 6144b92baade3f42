#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "seccomp/compile.h"

namespace bailiff {

struct NamedFilter {
  std::string name;
  CompiledFilter filter;
};

/// C++ source that defines find_filter and all_filters (seccomp/filter.h) over `filters`, as constant data.
std::string embed(const std::vector<NamedFilter>& filters);

}  // namespace bailiff
