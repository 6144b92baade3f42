#pragma once

#include "jail/board.h"

namespace bailiff {

/// Looks at every living process of the box but pid 1, in the box's own /proc (`proc_fd`), and writes
/// Board::survey. `what`: kSurveyPss | kSurveyChildren. One process after the other: a sum of different
/// moments, and what dies meanwhile is missing.
void survey(Board& board, int proc_fd, int what) noexcept;

}  // namespace bailiff
