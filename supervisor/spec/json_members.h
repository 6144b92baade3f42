#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/strict_json.h"

// Reading documents that parse_strict_json has taken apart. `key` is always the place in the document, for
// the error.

namespace bailiff {

/// A table of these says which keys an object may have and who reads each.
template <typename Target>
struct Member {
  std::string_view key;
  Result<void> (*read)(nlohmann::json& value, const std::string& key, Target& target);
};

/// "a, b, c"
std::string join(std::span<const std::string_view> words);

template <typename Row>
Error unknown_key(const std::string& key, std::span<const Row> rows) {
  std::vector<std::string_view> known;
  for (const Row& row : rows) known.push_back(row.key);
  return refuse(key, "is not a known key; here are: " + join(known));
}

template <typename Row>
const Row* find_row(std::span<const Row> rows, std::string_view name) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.key == name; });
  return row == rows.end() ? nullptr : &*row;
}

template <typename Target>
Result<void> read_members(nlohmann::json& object, const std::string& key,
                          std::span<const Member<Target>> members, Target& target) {
  if (!object.is_object()) return refuse(key, "must be an object");
  for (auto at = object.begin(); at != object.end(); ++at) {
    const std::string member = member_key(key, at.key());
    const auto* row = find_row(members, at.key());
    if (row == nullptr) return unknown_key(member, members);
    TRY(row->read(at.value(), member, target));
  }
  return {};
}

Result<std::string> take_string(nlohmann::json& value, const std::string& key);
/// Text that people will see in one line.
Result<std::string> take_label(nlohmann::json& value, const std::string& key, std::size_t max_bytes);
/// A string that a system call will see, so it ends where its NUL would be.
Result<std::string> take_c_string(nlohmann::json& value, const std::string& key, std::size_t max_bytes);
Result<std::uint64_t> take_integer(const nlohmann::json& value, const std::string& key, std::uint64_t low,
                                   std::uint64_t high);

}  // namespace bailiff
