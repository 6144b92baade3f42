#pragma once

#include "jail/board.h"
#include "jail/cgroup.h"
#include "jail/kernel.h"
#include "spec/run_result.h"

namespace bailiff {

/// Turns the keeper's report and the cgroup's counters into the numbers of a result, each with its source,
/// resolution and what it includes (docs/measurement.md). `leaf` may be empty.

/// The time our own child used before execve is not the program's: it is taken off both clocks, as far as
/// each saw it.
CpuTime measure_cpu(const RunReport& report, const Kernel& kernel, const CgroupLeaf& leaf,
                    bool leaf_saw_pre_exec, bool alone);
/// `sampled` is the largest tree the supervisor saw while it looked; zero where it did not. `read_ahead`: the
/// root tree's files had been (read_ahead.h).
PeakMemory measure_memory(const RunReport& report, const Kernel& kernel, const CgroupLeaf& leaf,
                          Bytes sampled, bool read_ahead);
std::vector<ProcessRow> process_rows(const RunReport& report);

}  // namespace bailiff
