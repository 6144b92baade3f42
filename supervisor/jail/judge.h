#pragma once

#include <string>
#include <vector>

#include "jail/outcome.h"
#include "spec/run_spec.h"
#include "spec/verdict.h"

namespace bailiff {

struct Judgement {
  Verdict status = Verdict::kInternalError;
  std::string reason = {};  // empty exactly for OK
  std::string reason_detail = {};
  std::string killed_by = "none";
  std::vector<std::string> limits_exceeded = {};
};

/// Pure: what happened, against what was allowed. Rules R1 to R10 (docs/run-result.md, "Verdicts"); the table
/// in tests/unit/jail/judge_test.cc is its specification.
Judgement judge(const Outcome& run, const Limits& limits);

}  // namespace bailiff
