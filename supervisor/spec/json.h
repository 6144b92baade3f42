#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "spec/run_result.h"
#include "spec/run_spec.h"

namespace bailiff {

/// A spec larger than this is refused unread. Test data that is larger goes by `path`.
inline constexpr std::size_t kMaxSpecBytes = std::size_t{64} << 20;

/// Reads one RunSpec. Every error is Fault::kRequest and names the key ("limits.cpu_time_ms",
/// "files.a/../b"). Unknown, duplicate or missing keys, wrong types, values out of range and unsafe names are
/// errors.
Result<RunSpec> parse_run_spec(std::string_view json);

/// Reads the value of the limit `name` ("cpu_time_ms") as a RunSpec has it; empty: unlimited. Errors:
/// kRequest, with this `key`.
Result<std::optional<std::uint64_t>> parse_limit(std::string_view name, std::string_view value,
                                                 const std::string& key);

/// Puts them over the spec's own. `wall_time` follows `cpu_time` while nobody has given it.
void give_limits(RunSpec& spec, const GivenLimits& limits);

/// Refuses what must never become a path in a box: empty, absolute, `..`, `.`, `//`, NUL, a component over
/// 255 bytes, a name over 4095, invalid UTF-8. `key` is what the error will name.
Result<void> check_box_name(std::string_view name, const std::string& key);

/// One RunResult as one line of JSON, without the newline. Output that is not UTF-8 goes out as base64.
std::string to_json(const RunResult& result);

/// {"error": {"kind": "request|host|internal", "key": …, "message": …}}, one line.
std::string to_json(const Error& error);

}  // namespace bailiff
