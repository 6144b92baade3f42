#pragma once

#include <string_view>

namespace bailiff {

/// What a judge shows the student. The words and their precedence: docs/run-result.md, "Verdicts".
enum class Verdict {
  kOk,
  kRuntimeError,
  kTimeLimit,
  kMemoryLimit,
  kOutputLimit,
  kViolation,
  kFileError,
  kInternalError,
  kCancelled
};

/// "OK" "RE" "TLE" "MLE" "OLE" "SV" "FE" "IE" "CANCELLED"
constexpr std::string_view verdict_name(Verdict verdict) {
  constexpr std::string_view kNames[] = {"OK", "RE", "TLE", "MLE", "OLE", "SV", "FE", "IE", "CANCELLED"};
  return kNames[static_cast<int>(verdict)];
}

}  // namespace bailiff
