#pragma once

#include "jail/board.h"
#include "spec/run_result.h"

namespace bailiff {

/// The keeper's record in the words of a result. A number our tables do not name is called "unknown".
Violation violation_of(const ViolationRecord& record);

}  // namespace bailiff
