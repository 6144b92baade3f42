#pragma once

#include <linux/filter.h>

#include <span>
#include <vector>

namespace bailiff {

/// The filter of a program that has no network and no ipc namespace of its own: `profile`, and of what that
/// allows nothing by which it could reach somebody through those of the machine. No sockets but connected
/// pairs, no System V objects, no message queues, no keyrings. Calls of an architecture not ours are left to
/// `profile`.
std::vector<sock_filter> plain_filter(std::span<const sock_filter> profile);

}  // namespace bailiff
