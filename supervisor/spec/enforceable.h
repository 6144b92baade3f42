#pragma once

#include <array>
#include <string_view>

namespace bailiff {

/// Every limit and isolation layer by the name that `require`, `accept_missing` and `enforced` know it by.
inline constexpr std::array<std::string_view, 17> kEnforceable = {
    "cpu_time",   "wall_time",  "memory",      "stack", "output", "file_size", "processes",
    "open_files", "disk_bytes", "disk_inodes",                                         // limits
    "seccomp",    "net",        "pid",         "mount", "ipc",    "uts",       "uid",  // layers
};

}  // namespace bailiff
