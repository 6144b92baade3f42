#include "seccomp/profile.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "seccomp/constants.h"

namespace bailiff {

const Action kAllow{SECCOMP_RET_ALLOW};
const Action kNotify{SECCOMP_RET_USER_NOTIF};
const Action kTrap{SECCOMP_RET_TRAP};
const Action kKill{SECCOMP_RET_KILL_PROCESS};
const Action kSkip{SECCOMP_RET_ERRNO | 0};
Action errno_action(std::uint16_t code) { return Action{SECCOMP_RET_ERRNO | code}; }

std::string text_of(Action action) {
  if (action == kAllow) return "allow";
  if (action == kNotify) return "notify";
  if (action == kTrap) return "trap";
  if (action == kKill) return "kill";
  if (action == kSkip) return "skip";
  return "errno " + std::to_string(action.value & SECCOMP_RET_DATA);
}

namespace {

using nlohmann::json;

constexpr std::size_t kMaxFileBytes = 1 << 20;  // default.json is some 20 KiB; a device or a log is not a profile
constexpr std::size_t kMaxValues = 64;          // of one condition; keeps every jump of a rule short

struct TestName {
  std::string_view key;
  Comparison test;
  bool list;  // takes an array of values
};

constexpr TestName kTests[] = {
    {"equals", Comparison::kOneOf, false},          {"one_of", Comparison::kOneOf, true},
    {"not_equals", Comparison::kNoneOf, false},     {"none_of", Comparison::kNoneOf, true},
    {"has_bits", Comparison::kHasBits, false},      {"has_any_bits", Comparison::kHasAnyBits, false},
    {"lacks_bits", Comparison::kLacksBits, false},  {"less_than", Comparison::kLessThan, false},
    {"at_most", Comparison::kAtMost, false},        {"greater_than", Comparison::kGreaterThan, false},
    {"at_least", Comparison::kAtLeast, false},
};

bool compares_values(Comparison test) { return test == Comparison::kOneOf || test == Comparison::kNoneOf; }
bool compares_bits(Comparison test) {
  return test == Comparison::kHasBits || test == Comparison::kHasAnyBits || test == Comparison::kLacksBits;
}

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

  [[nodiscard]] Error error(const std::string& reason) const { return request_error(key_, text() + ": " + reason); }
  [[nodiscard]] std::string text() const { return key_.empty() ? file_ : file_ + ": " + key_; }

 private:
  std::string file_;
  std::string key_;
};

std::string file_name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

/// A name that cannot leave the folder it is looked up in.
bool is_profile_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

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

/// The one place where nlohmann may throw; what it returns is only asked questions that cannot.
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

const json* member(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

Result<void> only_keys(const json& object, std::initializer_list<std::string_view> known, const Place& place) {
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

/// A string or an array of strings, at least one, none twice.
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

Result<Action> parse_action(const std::string& text, const Place& place) {
  if (text == "allow") return kAllow;
  if (text == "notify") return kNotify;
  if (text == "trap") return kTrap;
  if (text == "kill") return kKill;
  if (text == "skip") return kSkip;
  constexpr std::string_view kErrno = "errno ";
  if (!text.starts_with(kErrno)) {
    return place.error("unknown action \"" + text + "\" (allow, errno NAME, skip, notify, trap, kill)");
  }
  const auto code = errno_value(std::string_view(text).substr(kErrno.size()));
  if (!code) return place.error("unknown errno in \"" + text + "\"");
  return errno_action(*code);
}

/// "CLONE_VM|CLONE_FS", or one digit.
Result<std::string> expression_in(const json& value, const Place& place) {
  if (const auto* text = value.get_ptr<const std::string*>()) return *text;
  if (value.is_number_integer()) return value.dump();
  return place.error("must be a constant's name");
}

/// One object of a `when`, for one call.
class ConditionReader {
 public:
  ConditionReader(Arch arch, const std::string& call, Place place)
      : arch_(arch), call_(call), place_(std::move(place)) {}

  Result<Condition> read(const json& object) {
    if (!object.is_object()) return place_.error("must be an object");
    TRY(find_argument_in(object));
    TRY(find_test_in(object));
    TRY(only_keys(object, {"arg", "mask", "wide", test_->key}, place_));

    if (const json* wide = member(object, "wide")) {
      if (!wide->is_boolean()) return place_.at("wide").error("must be true or false");
      condition_.wide = wide->get<bool>();
    }
    if (const json* mask = member(object, "mask")) {
      if (!compares_values(test_->test)) return place_.at("mask").error("goes with equals, not_equals, one_of, none_of");
      const std::string text = TRY(expression_in(*mask, place_.at("mask")));
      condition_.mask = TRY(value_of(text, "mask"));
      condition_.text += " & " + text;
    }
    condition_.text.append(" ").append(test_->key);
    TRY(read_values(*member(object, std::string(test_->key).c_str())));
    return std::move(condition_);
  }

 private:
  Result<void> find_argument_in(const json& object) {
    const json* arg = member(object, "arg");
    if (arg == nullptr) return place_.error("\"arg\" is missing");
    std::string which;
    if (const auto* name = arg->get_ptr<const std::string*>()) {
      which = *name;
    } else if (arg->is_number_unsigned() && arg->get<unsigned long long>() <= 5) {
      which = std::to_string(arg->get<unsigned long long>());
    } else {
      return place_.at("arg").error("must be an argument's name or 0 to 5");
    }
    auto found = find_argument(call_, which);
    if (!found) return place_.at("arg").error(found.error().what);
    condition_.arg = found->index;
    pointer_ = found->kind == ArgumentKind::kPointer;
    condition_.text = which;
    return {};
  }

  Result<void> find_test_in(const json& object) {
    for (const TestName& test : kTests) {
      if (member(object, std::string(test.key).c_str()) == nullptr) continue;
      if (test_ != nullptr) {
        return place_.error("has both " + std::string(test_->key) + " and " + std::string(test.key) +
                            "; write two conditions");
      }
      test_ = &test;
    }
    if (test_ == nullptr) return place_.error("tests nothing: equals, one_of, has_bits, … is missing");
    condition_.test = test_->test;
    return {};
  }

  Result<void> read_values(const json& value) {
    const std::string key(test_->key);
    const Place place = place_.at(key);
    if (!test_->list) return add_value(value, place);
    if (!value.is_array() || value.empty()) return place.error("must be a list of constants, not empty");
    if (value.size() > kMaxValues) return place.error("has more than 64 values");
    for (std::size_t i = 0; i < value.size(); ++i) TRY(add_value(value[i], place_.at(key, i)));
    return {};
  }

  Result<void> add_value(const json& value, const Place& place) {
    const std::string text = TRY(expression_in(value, place));
    condition_.text += " " + text;
    if (pointer_ || text == "NULL") return add_null(text, place);

    const std::uint64_t number = TRY(value_of(text, std::string(test_->key)));
    if (compares_bits(condition_.test) && number == 0) return place.error("names no bit");
    if ((number & condition_.mask) != number) return place.error(text + " has bits outside the mask: never equal");
    if (std::ranges::find(condition_.values, number) != condition_.values.end()) {
      return place.error(text + " is there twice");
    }
    condition_.values.push_back(number);
    return {};
  }

  /// Whether an address is given at all is in the register; what is stored there is not, and may change later.
  Result<void> add_null(const std::string& text, const Place& place) {
    if (!pointer_) return place.error("NULL is for addresses; " + condition_.text + " compares an integer");
    if (text != "NULL" || !compares_values(condition_.test) || condition_.mask != ~std::uint64_t{0}) {
      return place.error("an address in " + call_ + ": a filter cannot read what it points to, and may only compare it with NULL");
    }
    condition_.wide = true;
    condition_.values = {0};
    return {};
  }

  Result<std::uint64_t> value_of(const std::string& text, const std::string& key) const {
    auto value = evaluate(arch_, text);
    if (!value) return place_.at(key).error(value.error().what);
    if (condition_.wide) return *value;
    // Negative constants and complements have ones above; only the lower half is compared.
    const std::uint64_t upper = *value >> 32;
    if (upper != 0 && upper != 0xffffffff) return place_.at(key).error(text + " needs \"wide\": true");
    return *value & 0xffffffff;
  }

  Arch arch_;
  const std::string& call_;
  Place place_;
  const TestName* test_ = nullptr;
  bool pointer_ = false;
  Condition condition_ = {};
};

/// Says the same for two conditions that test the same, however they are written.
std::string canonical(const Condition& condition) {
  std::vector<std::uint64_t> values = condition.values;
  std::ranges::sort(values);
  std::string text = std::to_string(condition.arg) + "/" + std::to_string(static_cast<int>(condition.test)) + "/" +
                     std::to_string(condition.wide ? condition.mask : condition.mask & 0xffffffff) +
                     (condition.wide ? "/wide" : "/");
  for (const std::uint64_t value : values) text.append(",").append(std::to_string(value));
  return text;
}

std::string canonical(const CallRule& rule) {
  std::set<std::string> conditions;
  for (const Condition& condition : rule.when) conditions.insert(canonical(condition));
  std::string text = rule.call;
  for (const std::string& condition : conditions) text += " " + condition;
  return text;
}

/// Follows `extends` from one profile and collects the rules, each file's once, bases first.
class Reader {
 public:
  Reader(std::string folder, Arch arch) : folder_(std::move(folder)), arch_(arch) {}

  Result<Profile> read(const std::string& path) {
    const std::string file = file_name_of(path);
    constexpr std::string_view kSuffix = ".json";
    if (!file.ends_with(kSuffix) || !is_profile_name(std::string_view(file).substr(0, file.size() - kSuffix.size()))) {
      return Place(file).error("a profile's file is NAME.json, NAME of a-z, 0-9, - and _");
    }
    const Defaults defaults = TRY(read_file_of(file.substr(0, file.size() - kSuffix.size())));
    const Place place(file);
    if (!defaults.otherwise) return place.error("\"otherwise\" is missing, here and in what it extends");
    if (*defaults.otherwise == kAllow && !defaults.unknown_calls) {
      return place.error("\"unknown_calls\" is missing: with \"otherwise\": \"allow\" a newer kernel would widen it");
    }
    profile_.name = file.substr(0, file.size() - kSuffix.size());
    profile_.about = defaults.about;
    profile_.otherwise = *defaults.otherwise;
    profile_.unknown_calls = defaults.unknown_calls.value_or(*defaults.otherwise);
    TRY(execve_is_allowed(place));
    return std::move(profile_);
  }

 private:
  /// What is not a rule, and so is overridden by the profile that extends.
  struct Defaults {
    std::string about = {};
    std::optional<Action> otherwise = {};
    std::optional<Action> unknown_calls = {};
  };

  Result<Defaults> read_file_of(const std::string& name) {
    const Place place(name + ".json");
    if (std::ranges::find(open_, name) != open_.end()) {
      std::string chain;
      for (const std::string& outer : open_) chain += outer + " -> ";
      return Place(open_.back() + ".json").at("extends").error("goes in a circle: " + chain + name);
    }
    if (const auto done = done_.find(name); done != done_.end()) return done->second;
    open_.push_back(name);

    const std::string text = TRY(read_file(folder_ + name + ".json", place));
    const json object = TRY(parse_json(text, place));
    if (!object.is_object()) return place.error("must be an object");
    TRY(only_keys(object, {"about", "extends", "otherwise", "unknown_calls", "rules"}, place));

    Defaults defaults;
    if (const json* extends = member(object, "extends")) {
      defaults = TRY(read_bases(*extends, place.at("extends"), object.contains("otherwise"),
                                object.contains("unknown_calls")));
    }
    defaults.about = TRY(text_member(object, "about", place));
    TRY(override_action(object, "otherwise", defaults.otherwise, place));
    TRY(override_action(object, "unknown_calls", defaults.unknown_calls, place));
    if (const json* rules = member(object, "rules")) TRY(read_rules(*rules, place));

    open_.pop_back();
    done_.emplace(name, defaults);
    return defaults;
  }

  Result<Defaults> read_bases(const json& extends, const Place& place, bool has_otherwise, bool has_unknown_calls) {
    Defaults merged;
    const std::vector<std::string> bases = TRY(names_in(extends, place));
    for (const std::string& base : bases) {
      if (!is_profile_name(base)) return place.error("\"" + base + "\" is not a profile's name");
      const Defaults found = TRY(read_file_of(base));
      if (!has_otherwise && merged.otherwise && found.otherwise && merged.otherwise != found.otherwise) {
        return place.error("the profiles differ in \"otherwise\"; say it here");
      }
      if (!has_unknown_calls && merged.unknown_calls && found.unknown_calls &&
          merged.unknown_calls != found.unknown_calls) {
        return place.error("the profiles differ in \"unknown_calls\"; say it here");
      }
      if (!merged.otherwise) merged.otherwise = found.otherwise;
      if (!merged.unknown_calls) merged.unknown_calls = found.unknown_calls;
    }
    return merged;
  }

  static Result<void> override_action(const json& object, const char* key, std::optional<Action>& action,
                                      const Place& place) {
    if (member(object, key) == nullptr) return {};
    const std::string text = TRY(text_member(object, key, place));
    action = TRY(parse_action(text, place.at(key)));
    return {};
  }

  Result<void> read_rules(const json& rules, const Place& file) {
    if (!rules.is_array()) return file.at("rules").error("must be a list");
    for (std::size_t i = 0; i < rules.size(); ++i) TRY(read_rule(rules[i], file.at("rules", i)));
    return {};
  }

  Result<void> read_rule(const json& object, const Place& place) {
    if (!object.is_object()) return place.error("must be an object");
    TRY(only_keys(object, {"action", "calls", "when", "because"}, place));
    CallRule rule;
    rule.because = TRY(text_member(object, "because", place));
    const std::string action = TRY(text_member(object, "action", place));
    rule.action = TRY(parse_action(action, place.at("action")));
    rule.source = place.text();

    const json* calls = member(object, "calls");
    if (calls == nullptr) return place.error("\"calls\" is missing");
    const json* when = member(object, "when");
    const std::vector<std::string> names = TRY(names_in(*calls, place.at("calls")));
    for (const std::string& call : names) {
      TRY(exists_somewhere(call, place));
      rule.call = call;
      rule.when.clear();
      if (when != nullptr) rule.when = TRY(read_when(*when, call, place));
      TRY(add(rule, place));
    }
    return {};
  }

  static Result<void> exists_somewhere(const std::string& call, const Place& place) {
    const bool known = std::ranges::any_of(kArches, [&](Arch arch) { return call_number(arch, call).has_value(); });
    if (!known) return place.at("calls").error("unknown call \"" + call + "\"");
    return {};
  }

  Result<std::vector<Condition>> read_when(const json& when, const std::string& call, const Place& place) const {
    if (!when.is_array() || when.empty()) return place.at("when").error("must be a list of conditions, not empty");
    std::vector<Condition> conditions;
    for (std::size_t i = 0; i < when.size(); ++i) {
      conditions.push_back(TRY(ConditionReader(arch_, call, place.at("when", i)).read(when[i])));
    }
    return conditions;
  }

  Result<void> add(const CallRule& rule, const Place& place) {
    const auto [earlier, is_new] = seen_.emplace(canonical(rule), rule.source);
    if (!is_new) {
      return place.at("calls").error(rule.call + " is already in " + earlier->second +
                                     (rule.when.empty() ? "" : " with the same \"when\""));
    }
    if (rule.call == "execve" && rule.action != kAllow) {
      return place.error("forbids execve, with which every run starts: the filter is in force before it");
    }
    if (call_number(arch_, rule.call)) profile_.rules.push_back(rule);
    return {};
  }

  Result<void> execve_is_allowed(const Place& place) const {
    if (profile_.otherwise == kAllow) return {};
    const bool allowed = std::ranges::any_of(
        profile_.rules, [](const CallRule& rule) { return rule.call == "execve" && rule.when.empty(); });
    if (allowed) return {};
    return place.at("otherwise").error("forbids execve, with which every run starts; add a rule that allows it");
  }

  std::string folder_;
  Arch arch_;
  Profile profile_ = {};
  std::vector<std::string> open_;             // the chain of extends we are in
  std::map<std::string, Defaults> done_;      // read completely
  std::map<std::string, std::string> seen_;   // canonical rule -> where
};

}  // namespace

Result<Profile> load_profile(const std::string& path, Arch arch) { return Reader(folder_of(path), arch).read(path); }

}  // namespace bailiff
