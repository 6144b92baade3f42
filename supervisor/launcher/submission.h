#pragma once

#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "launcher/runner.h"
#include "spec/language.h"
#include "spec/run_result.h"
#include "spec/submit_spec.h"

namespace bailiff {

struct TestResult {
  std::string name = {};
  RunResult run = {};
};

struct SubmitResult {
  /// CE when the compiler failed; else the status of the first test that is not OK, or OK. IE goes before
  /// all.
  std::string status = "OK";
  std::optional<RunResult> compile = {};  // its output cut to kMaxDiagnostics
  std::vector<TestResult> tests = {};
};

inline constexpr std::size_t kMaxDiagnostics = 65536;  // bytes, of each stream

/// Makes a runner for this image, for runs that are all within `limits` and take no longer than `together`.
using MakeRunner =
    std::function<Result<Runner>(const std::string& image, const Limits& limits, Nanos together)>;

/// Ends sandboxes while others go on: removing a container takes some 0.2 s that no answer has to wait for.
/// The destructor waits until all are gone.
class Retirement {
 public:
  void take(Runner runner);

 private:
  std::vector<std::future<void>> ends_;
};

/// A compile container where the language has one, then one run container for all tests, and one box in it as
/// long as they want the same disk. An only file is called language.source there, whatever its name. The
/// contents that the spec names by path have been read. Runners that are done with go to `retired`, which
/// must not outlive what `make_runner` refers to. Errors: what makes a submission impossible: image, runtime,
/// Docker; kRequest, with the key, what the spec asks for and this language or this host does not have.
Result<SubmitResult> submit(SubmitSpec spec, const Language& language, const MakeRunner& make_runner,
                            Nanos patience, int cancel_fd, Retirement& retired);

/// {"status":…,"compile":RunResult or null,"tests":[{"name":…, as a RunResult},…]}, one line.
std::string to_json(const SubmitResult& result);
/// A line for each test, and the compiler's message.
std::string to_text(const SubmitResult& result);

}  // namespace bailiff
