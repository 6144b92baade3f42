#pragma once

#include <string>
#include <vector>

#include "launcher/deadline.h"

namespace bailiff {

/// How a program of the host's ended that was run to its end.
struct ProgramEnd {
  int exit_code = -1;       // -1: it could not be started, or it was killed
  std::string output = {};  // the first 4 KiB
};

/// Runs a program, looked up in $PATH, with an empty standard input. Killed at the deadline.
/// `with_errors`: what it writes to standard error is output as well; else that is dropped.
ProgramEnd run_program(std::vector<std::string> argv, bool with_errors, Deadline deadline);

}  // namespace bailiff
