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
/// `paths`: files, or directories with all that lies below them, as a box shows them; "/" is all it shows. No
/// link below them is followed, and no mount point crossed. Files that this process may not read are left
/// out.
///
/// Errors: kRequest  --read-ahead: not an absolute path, or nothing is there
///         EIO, …    a file of the tree cannot be read, by name
Result<void> read_ahead(const RootTree& tree, const std::vector<std::string>& paths);

}  // namespace bailiff
