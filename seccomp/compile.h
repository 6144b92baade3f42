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
  std::string listing = {};  ///< the decisions in words, then libseccomp's own listing (PFC)
  std::string sha256 = {};   ///< of the bytes of `code`, in lower-case hex
};

/// Translates `profile`, which must have been read for the same `arch`.
///
/// libseccomp builds the part that finds the call (a binary tree over the numbers; other machines and x32 are
/// killed); what happens to a call that has conditions is ours, appended to it, because libseccomp can
/// neither test one argument twice in a rule nor compare a masked value for inequality (docs/seccomp.md, "How
/// it is compiled"). The result depends on the profile, `arch` and libseccomp's version alone, not on the
/// machine's kernel.
Result<CompiledFilter> compile(const Profile& profile, Arch arch);

}  // namespace bailiff
