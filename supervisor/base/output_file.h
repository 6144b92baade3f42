#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace bailiff {

/// An empty file for much output, in memory, without a name, gone with its last descriptor: in a tmpfs that is attached
/// nowhere and takes large folios (huge=within_size, tmpfs(5); since Linux 6.14 as large as what one write brings). A
/// memfd where the kernel, our rights or a lack of descriptors refused that tmpfs at the first call. Page by page, making
/// and freeing them is most of what keeping 64 MiB costs.
///
/// Errors: of memfd_create(2)
Result<UniqueFd> make_output_file();

}  // namespace bailiff
