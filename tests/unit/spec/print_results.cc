// Prints results and errors as a front end would, one a line, for schema_test.py to hold against the schemas.

#include <cstdio>

#include "spec/json.h"
#include "tests/unit/spec/example_result.h"

namespace {

using namespace bailiff;

RunResult ended_well() {
  RunResult run;
  run.status = Verdict::kOk;
  run.exit_code = 0;
  run.stdout_stream.kept = "\"\\\n\x1b\x7f";
  return run;
}

RunResult violated() {
  RunResult run;
  run.status = Verdict::kViolation;
  run.reason = "seccomp";
  run.signal = 31;
  run.violation = {.name = "socket", .nr = 41, .arch = "x86_64", .args = {2, 1, ~std::uint64_t{0}}, .tid = 3};
  return run;
}

RunResult failed_here() {
  RunResult run;
  run.reason = "setup";
  run.reason_detail = "mount /proc: \xFF";
  return run;
}

}  // namespace

int main() {
  for (const RunResult& run : {example_result(), ended_well(), violated(), failed_here()}) {
    std::puts(to_json(run).c_str());
  }
  for (const Error& error :
       {parse_run_spec("{").error(), parse_run_spec("{}").error(), internal_error("x")}) {
    std::puts(to_json(error).c_str());
  }
}
