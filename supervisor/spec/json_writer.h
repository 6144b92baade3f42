#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/units.h"

namespace bailiff {

/// Writes one line of JSON from left to right, straight into one string: no tree is built, because a result
/// is written for every run. Commas come by themselves. What must be in it, and in which order, is the
/// caller's business.
///
/// Values are bool, integers, Nanos and Bytes (as their count), text, nullptr, std::optional (null when
/// empty), std::vector and std::array (an array), std::map (an object), and a callable: an object of the
/// members it writes.
class JsonWriter {
 public:
  explicit JsonWriter(std::size_t expected_bytes) { line_.reserve(expected_bytes); }

  template <typename Value>
  JsonWriter& member(std::string_view name, const Value& value) {
    key(name);
    put(value);
    return *this;
  }
  /// "name":[{…},…]: `members(item)` writes the inside of each.
  template <typename Item, std::invocable<const Item&> Members>
  JsonWriter& objects(std::string_view name, const std::vector<Item>& items, Members members) {
    key(name);
    begin('[');
    for (const Item& item : items) put([&] { members(item); });
    line_ += ']';
    return *this;
  }
  /// "name":null when `text` is empty
  JsonWriter& text_or_null(std::string_view name, std::string_view text) {
    return text.empty() ? member(name, nullptr) : member(name, text);
  }
  /// The same as member(), for text that is known to be UTF-8 and long.
  JsonWriter& utf8(std::string_view name, std::string_view text);
  JsonWriter& base64(std::string_view name, std::string_view bytes);

  /// Text of unknown origin (a path in `reason_detail`) must not cost the caller the line: what is not UTF-8
  /// in it becomes U+FFFD.
  void put(std::string_view text);

  template <typename Value>
  void put(const Value& value) {
    if constexpr (std::same_as<Value, std::nullptr_t>) {
      literal("null");
    } else if constexpr (std::convertible_to<Value, std::string_view>) {
      put(std::string_view(value));
    } else if constexpr (std::same_as<Value, bool>) {
      literal(value ? "true" : "false");
    } else if constexpr (std::integral<Value>) {
      std::array<char, 24> digits;
      const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
      literal({digits.data(), static_cast<std::size_t>(end - digits.data())});
    } else if constexpr (std::same_as<Value, Nanos>) {
      put(value.count());
    } else if constexpr (std::same_as<Value, Bytes>) {
      put(value.count);
    } else {
      begin('{');
      value();
      line_ += '}';
    }
  }
  template <typename Value>
  void put(const std::optional<Value>& value) {
    if (value) {
      put(*value);
    } else {
      put(nullptr);
    }
  }
  template <typename Value>
  void put(const std::vector<Value>& values) {
    put_array(values);
  }
  template <typename Value, std::size_t kSize>
  void put(const std::array<Value, kSize>& values) {
    put_array(values);
  }
  template <typename Value>
  void put(const std::map<std::string, Value>& values) {
    put([&] {
      for (const auto& [name, value] : values) member(name, value);
    });
  }

  /// The line, which must be complete.
  [[nodiscard]] std::string take() && { return std::move(line_); }

 private:
  template <typename Values>
  void put_array(const Values& values) {
    begin('[');
    for (const auto& value : values) put(value);
    line_ += ']';
  }
  void key(std::string_view name) {
    put(name);
    line_ += ':';
  }
  void begin(char bracket) {
    comma();
    line_ += bracket;
  }
  void literal(std::string_view word) {
    comma();
    line_ += word;
  }
  /// A value ends in none of these: text ends with its quote.
  void comma() {
    const char last = line_.empty() ? '[' : line_.back();
    if (last != '{' && last != '[' && last != ':') line_ += ',';
  }

  std::string line_;
};

}  // namespace bailiff
