#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace bailiff {

/// Writes all of it, whatever signals come in between.
Result<void> write_all(int fd, std::string_view bytes);

/// Appends to `to` what `from` has from its offset on, from page cache to page cache (sendfile(2)); answers
/// how many bytes that were.
///
/// Errors: EFBIG  more than `most` bytes; so many have been copied
Result<std::uint64_t> copy_rest(int to, int from, std::uint64_t most);

/// CPUs this process may run on, at least 1 (sched_getaffinity(2)).
unsigned usable_cpus();

}  // namespace bailiff
