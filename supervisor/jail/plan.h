#pragma once

#include "base/result.h"
#include "jail/box.h"
#include "seccomp/filter.h"
#include "spec/run_spec.h"

namespace bailiff {

/// Resolves a RunSpec into the ChildPlan on the box's board, with everything it points to: rlimits computed,
/// argv and environment laid out, the filter copied. All allocation and every possible "no" is here.
///
/// Errors: kRequest limits.*  above this process' own hard rlimit, which only CAP_SYS_RESOURCE could raise
///
/// `listener`: with kNobody, violations are only refused, by SIGSYS.
Result<void> plan_run(Box& box, const Surroundings& surroundings, const RunSpec& spec, const Filter& filter,
                      Listener listener);

/// Makes that second kind of plan of one of the first.
void refuse_violations_only(Box& box);

}  // namespace bailiff
