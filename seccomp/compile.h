#pragma once

#include <linux/filter.h>

#include <string>
#include <vector>

#include "seccomp/calls.h"
#include "seccomp/profile.h"
#include "supervisor/base/result.h"

namespace bailiff {

/// A filter as the kernel takes it, and what a person needs to trust it.
struct CompiledFilter {
  std::vector<sock_filter> code = {};
  std::string listing = {};  ///< the decisions in words, then the instructions
  std::string sha256 = {};   ///< of the bytes of `code`, in lower-case hex
};

/// Translates `profile`, which must have been read for the same `arch`.
///
/// A search tree over the numbers finds the call (search.h); other machines and x32 are killed; the rules of
/// a call with conditions follow. The result depends on the profile, `arch` and the names libseccomp knows
/// alone, not on the machine's kernel.
Result<CompiledFilter> compile(const Profile& profile, Arch arch);

}  // namespace bailiff
