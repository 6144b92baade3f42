#pragma once

#include <linux/filter.h>

#include <span>
#include <vector>

namespace bailiff {

/// The filter of a program that has its keeper's user id, because there is no other to be had: `profile`, and
/// before it what the kernel would allow between two processes of one user. With prlimit64 alone such a
/// program could have the kernel end its keeper by RLIMIT_CPU. The keeper is pid 1 of the program's pid
/// namespace; everything else that has this id lies outside, where the program cannot name it. Keyrings,
/// which are of a user, are not for it either. Calls of an architecture not ours are left to `profile`.
std::vector<sock_filter> shared_user_filter(std::span<const sock_filter> profile);

}  // namespace bailiff
