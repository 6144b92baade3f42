#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/run_spec.h"

namespace bailiff {

/// One run of the program. Limits that are not given are the language's.
struct SubmitTest {
  std::string name = {};  // no other test's
  Content stdin_content = {};
  GivenLimits limits = {};
  std::vector<std::string> collect = {};  // names relative to /box, read back after the run
  bool operator==(const SubmitTest&) const = default;
};

/// A program to be compiled and run on tests, as pure data. Its JSON form is docs/submit-spec.md.
struct SubmitSpec {
  std::string language = {};                    // Language::id
  std::map<std::string, InputFile> files = {};  // name relative to /box -> file; see check_box_name
  GivenLimits compile_limits = {};
  std::vector<SubmitTest> tests = {};  // in the order in which they are run
  bool stop_on_first_failure = false;
  bool operator==(const SubmitSpec&) const = default;
};

inline constexpr std::size_t kMaxTests = 10'000;

/// Reads one SubmitSpec. Every error is Fault::kRequest and names the key, as for parse_run_spec
/// ("tests[3].limits.cpu_time_ms"). That there is such a language, and that it is compiled where there are
/// limits for it, is submit()'s to see.
Result<SubmitSpec> parse_submit_spec(std::string_view json);

}  // namespace bailiff
