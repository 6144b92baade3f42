#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/run_spec.h"

// The parts of a RunSpec that other requests have in common with it. As for parse_run_spec, every error is
// Fault::kRequest; `key` is the place in the document that it names.

namespace bailiff {

/// parse_strict_json, with a bound of kMaxSpecBytes.
Result<nlohmann::json> parse_spec_text(std::string_view text);
Result<RunSpec> read_run_spec(nlohmann::json& object, const std::string& key);
/// Sets the limit that a RunSpec calls `name`.
Result<void> read_limit(const nlohmann::json& value, const std::string& key, std::string_view name,
                        Limits& limits);
Result<GivenLimits> read_given_limits(nlohmann::json& object, const std::string& key);

Result<void> read_files(nlohmann::json& object, const std::string& key,
                        std::map<std::string, InputFile>& files);
Result<void> read_stdin(nlohmann::json& object, const std::string& key, Content& content);
Result<void> read_collect(nlohmann::json& array, const std::string& key, std::vector<std::string>& collect);
/// "0644"
Result<unsigned> read_mode(const nlohmann::json& value, const std::string& key);
Result<std::string> take_host_path(nlohmann::json& value, const std::string& key);

/// Places in a list of names: that of a file, and that of another with the same name or below it.
struct NameClash {
  std::size_t file, other;
};
/// No two files may have one name, and none may be where another needs a directory.
std::optional<NameClash> find_name_clash(std::span<const std::string_view> names);

}  // namespace bailiff
