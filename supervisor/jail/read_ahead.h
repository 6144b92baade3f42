#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "jail/box_plan.h"

namespace bailiff {

/// Reads files of a root tree into the page cache. The kernel charges a page to the cgroup of who reads it
/// first (cgroup-v2.rst, "Memory Ownership"): afterwards that is this process, not the first run that needs
/// the file.
///
/// `paths`: files, or directories with all that lies below them on the same file system, as a box shows them;
/// "/" is all it shows. No link is followed. Below a directory, what this process may not read is left out.
///
/// Errors: kRequest  --read-ahead: not an absolute path without links to what the box shows, or unreadable
///         EIO, …    a file of the tree cannot be read, by name
Result<void> read_ahead(const RootTree& tree, const std::vector<std::string>& paths);

}  // namespace bailiff
