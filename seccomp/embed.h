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

/// C++ source that defines what seccomp/filter.h declares, over `filters` and the calls of `arch`, as
/// constant data.
std::string embed(const std::vector<NamedFilter>& filters, Arch arch);

}  // namespace bailiff
