#include "spec/json_members.h"

#include <algorithm>
#include <utility>

namespace bailiff {

using nlohmann::json;

std::string join(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

Result<std::string> take_string(json& value, const std::string& key) {
  auto* text = value.get_ptr<json::string_t*>();
  if (text == nullptr) return refuse(key, "must be a string");
  return std::move(*text);
}

Result<std::string> take_label(json& value, const std::string& key, std::size_t max_bytes) {
  std::string text = TRY(take_string(value, key));
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  if (text.empty() || text.size() > max_bytes || std::any_of(text.begin(), text.end(), is_control)) {
    return refuse(key,
                  "must be 1 to " + std::to_string(max_bytes) + " bytes of text without control characters");
  }
  return text;
}

Result<std::string> take_c_string(json& value, const std::string& key, std::size_t max_bytes) {
  std::string text = TRY(take_string(value, key));
  if (text.find('\0') != std::string::npos) return refuse(key, "must not contain NUL");
  if (text.size() > max_bytes) return refuse(key, "must be at most " + std::to_string(max_bytes) + " bytes");
  return text;
}

Result<std::uint64_t> take_integer(const json& value, const std::string& key, std::uint64_t low,
                                   std::uint64_t high) {
  // Negative, fractional and larger than 64 bits all come as other types than this one.
  const auto* number = value.get_ptr<const json::number_unsigned_t*>();
  if (number == nullptr || *number < low || *number > high) {
    return refuse(key, "must be an integer from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return *number;
}

}  // namespace bailiff
