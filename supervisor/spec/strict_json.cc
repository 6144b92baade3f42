#include "spec/strict_json.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

namespace bailiff {
namespace {

using nlohmann::json;

/// Builds the tree as the parser reads, so that a duplicate key is seen before one of the two is lost.
class TreeBuilder final : public json::json_sax_t {
 public:
  [[nodiscard]] std::optional<Error>& error() { return error_; }
  [[nodiscard]] json& root() { return root_; }

  bool null() override { return place(nullptr) != nullptr; }
  bool boolean(bool value) override { return place(value) != nullptr; }
  bool number_integer(std::int64_t value) override { return place(value) != nullptr; }
  bool number_unsigned(std::uint64_t value) override { return place(value) != nullptr; }
  bool number_float(double value, const std::string& /*text*/) override { return place(value) != nullptr; }
  bool string(std::string& value) override { return place(std::move(value)) != nullptr; }
  bool binary(json::binary_t& /*value*/) override { return fail("", "binary values do not occur in JSON"); }

  bool start_object(std::size_t /*unknown*/) override { return open(json::object()); }
  bool start_array(std::size_t /*unknown*/) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    Container& object = open_.back();
    const auto [member, added] = object.value->emplace(std::move(name), nullptr);
    object.member = &member.value();
    object.member_name = &member.key();  // a key of a std::map: stays where it is
    return added || fail(path(), "is given twice");
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const json::exception& error) override {
    constexpr int kNumberOverflow = 406;
    if (error.id == kNumberOverflow) return fail(path(), "is a number beyond all bounds");
    // Without its head, which counts lines, and without the token, which may be as long as the document.
    std::string reason = error.what();
    reason.erase(0, reason.find("syntax error"));
    if (const auto token = reason.find("; last read"); token != std::string::npos) reason.erase(token);
    // The parser counts the byte it stumbled over; an offset does not.
    const std::size_t offset = position == 0 ? 0 : position - 1;
    return fail("", "is not valid JSON at byte offset " + std::to_string(offset) + ": " + reason);
  }

 private:
  struct Container {
    json* value = nullptr;
    json* member = nullptr;  // of an object: where the next value goes
    const std::string* member_name = nullptr;
  };

  bool fail(std::string key, std::string what) {
    error_ = refuse(std::move(key), std::move(what));
    return false;
  }

  /// Where in the document the parser is.
  [[nodiscard]] std::string path() const {
    std::string at;
    for (const Container& container : open_) {
      // All but the innermost array already hold the element the parser is in.
      const bool innermost = &container == &open_.back();
      at = container.value->is_array() ? element_key(at, container.value->size() - (innermost ? 0 : 1))
           : container.member_name     ? member_key(at, *container.member_name)
                                       : at;
    }
    return at;
  }

  json* place(json&& value) {
    if (++values_ > kMaxJsonValues) {
      fail(path(), "is one value too many; a document has at most " + std::to_string(kMaxJsonValues));
      return nullptr;
    }
    if (open_.empty()) return &(root_ = std::move(value));
    const Container& parent = open_.back();
    if (parent.value->is_object()) return &(*parent.member = std::move(value));
    parent.value->push_back(std::move(value));
    return &parent.value->back();
  }

  bool open(json&& container) {
    if (open_.size() == kMaxJsonDepth) {
      return fail(path(), "is nested too deeply; at most " + std::to_string(kMaxJsonDepth) + " levels");
    }
    json* placed = place(std::move(container));
    if (placed == nullptr) return false;
    open_.push_back({placed});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  json root_;
  std::vector<Container> open_;
  std::size_t values_ = 0;
  std::optional<Error> error_;
};

}  // namespace

std::string member_key(const std::string& parent, std::string_view name) {
  std::string key = parent.empty() ? "" : parent + ".";
  return key += name.empty() ? std::string_view("\"\"") : name;
}

std::string element_key(const std::string& parent, std::size_t index) {
  return parent + "[" + std::to_string(index) + "]";
}

Error refuse(std::string key, std::string what) {
  constexpr std::size_t kLongestKey = 4200;  // "files." and the longest name
  if (key.size() > kLongestKey) {
    std::size_t end = kLongestKey;
    while ((static_cast<unsigned char>(key[end]) & 0xC0) == 0x80) --end;  // not inside a character
    key.replace(end, std::string::npos, "...");
  }
  return request_error(std::move(key), std::move(what));
}

Result<nlohmann::json> parse_strict_json(std::string_view text) {
  // nlohmann's lexer takes a NUL for the end of the input and would not look at what follows.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return refuse("", "is not valid JSON at byte offset " + std::to_string(nul) + ": a NUL byte");
  }
  TreeBuilder builder;
  if (!json::sax_parse(text.begin(), text.end(), &builder)) {
    if (builder.error()) return *std::move(builder.error());
    return refuse("", "is not valid JSON");
  }
  return std::move(builder.root());
}

}  // namespace bailiff
