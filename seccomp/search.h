#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "seccomp/assembler.h"

namespace bailiff {

/// Numbers from `first` up to where the next range begins, all with the same outcome.
struct Range {
  std::uint32_t first = 0;
  std::size_t outcome = 0;  ///< index of a label
};

/// Writes comparisons of the number in the accumulator that lead to the label of its range's outcome.
/// `ranges` are ascending, begin at 0, and neighbours differ in outcome.
///
/// The kernel pays for a filter mostly when it is loaded: it checks and translates every instruction, and
/// tries the filter on every number it knows, to remember those that are always allowed (Linux 5.11,
/// kernel/seccomp.c, seccomp_cache_prepare). The tree is the cheapest under that price.
void write_search(Assembler& out, std::span<const Range> ranges, std::span<const Label> labels);

}  // namespace bailiff
