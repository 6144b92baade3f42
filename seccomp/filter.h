#pragma once

#include <linux/filter.h>

#include <span>
#include <string_view>

namespace bailiff {

/// A seccomp filter built with this program from seccomp/profiles/<name>.json, ready for seccomp(2).
/// Static data: finding one allocates nothing, and needs no libseccomp.
struct Filter {
  std::string_view name;
  std::span<const sock_filter> code;
  std::string_view sha256;  ///< of the bytes of `code`, in lower-case hex
};

/// The embedded filter of that name, or nullptr.
const Filter* find_filter(std::string_view name);

/// All of them, by name.
std::span<const Filter> all_filters();

}  // namespace bailiff
