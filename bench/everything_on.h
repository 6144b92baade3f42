#pragma once

#include <string>
#include <string_view>

namespace bailiff::bench {

/// Proves from a RunResult's JSON that the run was OK and nothing was left off to make it fast: every limit and layer
/// in `enforced` is held by something, the five namespaces and a seccomp filter among them, and `sandbox` agrees. A
/// result that does not show it ends the benchmark.
///
/// Returns {"enforced":…,"sandbox":…} as the result had them, for the report.
std::string everything_on(std::string_view result);

/// Only that it went well: what can be afforded after every timed run.
void must_be_ok(std::string_view result);

/// The number at `"section":{…"key":N`, for the few that a benchmark reads.
long long number_in(std::string_view result, std::string_view section, std::string_view key);

}  // namespace bailiff::bench
