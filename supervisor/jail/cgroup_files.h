#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bailiff {

/// How every group that a supervisor makes is named, followed by the supervisor's pid.
inline constexpr std::string_view kLeafPrefix = "bailiff-";

/// The whole of a small kernel file; empty when it cannot be read.
std::string slurp(int directory, const char* name);
Result<void> put(int directory, const char* name, std::string_view text);
/// The number after `key` in "key number" lines; 0 when absent.
std::uint64_t field(std::string_view text, std::string_view key);

/// The groups directly below one.
std::vector<std::string> groups_in(int directory);

/// Ends whatever lives in a group and below it, without waiting until it is gone.
void kill_group(int group);
/// What kill_group() does before Linux 5.14, which has no cgroup.kill: process by process, until none is left
/// that is not dying.
void kill_group_one_by_one(int group);

/// Ends what lives in the group and removes it with all groups below it. The kernel needs a moment to let go
/// of the dead (EBUSY): retried for at most 100 ms. False: it is still there.
bool remove_group(int parent, const std::string& name);

}  // namespace bailiff
