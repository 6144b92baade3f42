#include "seccomp/profile_json.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>

namespace bailiff {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxFileBytes =
    1 << 20;  // default.json is some 20 KiB; a device or a log is not a profile

}  // namespace

Result<std::string> read_file(const std::string& path, const Place& place) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return place.error("cannot be opened");
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return place.error("cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFileBytes) return place.error("is longer than 1 MiB");
  return text;
}

Result<json> parse_json(const std::string& text, const Place& place) {
  // A second "when" in one object would silently replace the first, and so widen the rule.
  std::vector<std::set<std::string>> keys;
  std::optional<std::string> repeated;
  const auto watch_keys = [&](int /*depth*/, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      repeated = parsed.get<std::string>();
    }
    return true;
  };
  try {
    json parsed = json::parse(text, watch_keys);
    if (repeated) return place.error("key \"" + *repeated + "\" is given twice in one object");
    return parsed;
  } catch (const json::exception& failure) {
    return place.error(std::string("is not JSON: ") + failure.what());
  }
}

const json* member(const json& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

Result<void> only_keys(const json& object, std::initializer_list<std::string_view> known,
                       const Place& place) {
  for (const auto& entry : object.items()) {
    if (std::ranges::find(known, entry.key()) == known.end()) {
      return place.error("unknown key \"" + entry.key() + "\"");
    }
  }
  return {};
}

Result<std::string> text_member(const json& object, const char* key, const Place& place) {
  const json* value = member(object, key);
  if (value == nullptr) return place.error(std::string("\"") + key + "\" is missing");
  const auto* text = value->get_ptr<const std::string*>();
  if (text == nullptr) return place.at(key).error("must be a string");
  if (text->find_first_not_of(" \t\n") == std::string::npos) return place.at(key).error("must not be empty");
  return *text;
}

Result<std::vector<std::string>> names_in(const json& value, const Place& place) {
  std::vector<std::string> names;
  if (const auto* one = value.get_ptr<const std::string*>()) return std::vector<std::string>{*one};
  if (!value.is_array() || value.empty()) return place.error("must be a list of names, not empty");
  for (const json& entry : value) {
    const auto* name = entry.get_ptr<const std::string*>();
    if (name == nullptr) return place.at("", names.size()).error("must be a name, never a number");
    if (std::ranges::find(names, *name) != names.end()) return place.error("names " + *name + " twice");
    names.push_back(*name);
  }
  return names;
}

}  // namespace bailiff
