#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bailiff {

inline constexpr std::size_t kMaxJsonDepth = 8;
inline constexpr std::size_t kMaxJsonValues = std::size_t{1} << 20;  // a tree costs up to 150 bytes for each

/// Reads one JSON document and refuses what parsers are known to disagree about: a key given twice, bytes
/// after the end. Deeper than kMaxJsonDepth or with more than kMaxJsonValues values it is refused without
/// being read on.
///
/// Errors: Fault::kRequest. `key` is the place in the document ("files.a.mode"), empty when it is not JSON at
/// all; the message of a syntax error has the byte offset.
Result<nlohmann::json> parse_strict_json(std::string_view text);

/// "limits" + "cpu_time_ms" -> "limits.cpu_time_ms"
std::string member_key(const std::string& parent, std::string_view name);
/// "argv" + 2 -> "argv[2]"
std::string element_key(const std::string& parent, std::size_t index);

/// A request error at `key`, shortened where the request made it longer than any name can be.
Error refuse(std::string key, std::string what);

}  // namespace bailiff
