#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/base/result.h"

namespace bailiff {

/// Names the place in a profile that an error is about.
class Place {
 public:
  explicit Place(std::string file) : file_(std::move(file)) {}

  [[nodiscard]] Place at(const std::string& key) const {
    Place inner = *this;
    if (!inner.key_.empty() && !key.starts_with('[')) inner.key_ += '.';
    inner.key_ += key;
    return inner;
  }
  [[nodiscard]] Place at(const std::string& key, std::size_t index) const {
    return at(key + "[" + std::to_string(index) + "]");
  }

  [[nodiscard]] Error error(const std::string& reason) const {
    return request_error(key_, text() + ": " + reason);
  }
  [[nodiscard]] std::string text() const { return key_.empty() ? file_ : file_ + ": " + key_; }

 private:
  std::string file_;
  std::string key_;
};

/// All of a file, if it is no longer than a profile may be.
Result<std::string> read_file(const std::string& path, const Place& place);

/// The one place where nlohmann may throw; what it returns is only asked questions that cannot.
Result<nlohmann::json> parse_json(const std::string& text, const Place& place);

/// The value of `key`, or nullptr.
const nlohmann::json* member(const nlohmann::json& object, std::string_view key);

Result<void> only_keys(const nlohmann::json& object, std::initializer_list<std::string_view> known,
                       const Place& place);

/// A string that must be there and say something.
Result<std::string> text_member(const nlohmann::json& object, const char* key, const Place& place);

/// A string or an array of strings, at least one, none twice.
Result<std::vector<std::string>> names_in(const nlohmann::json& value, const Place& place);

}  // namespace bailiff
