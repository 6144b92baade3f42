#include "seccomp/profile.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "seccomp/condition.h"
#include "seccomp/constants.h"
#include "seccomp/profile_json.h"

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

/// What jail/keeper/child.cc still calls with the filter in force. Were one of these a violation, nobody
/// could be told: the keeper sleeps until the exec.
struct NeededCall {
  std::string_view name;
  const char* why;
};
constexpr NeededCall kNeeded[] = {
    {"execve", "with which every run starts: the filter is in force before it"},
    {"clock_gettime", "which tells when a run starts; programs call it too where the clock needs the kernel"},
    {"exit_group", "with which a run ends that could not start"},
};

/// Says the same for two conditions that test the same, however they are written.
std::string canonical(const Condition& condition) {
  std::vector<std::uint64_t> values = condition.values;
  std::ranges::sort(values);
  std::string text = std::to_string(condition.arg) + "/" + std::to_string(static_cast<int>(condition.test)) +
                     "/" + std::to_string(condition.wide ? condition.mask : condition.mask & 0xffffffff) +
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
    if (!file.ends_with(kSuffix) ||
        !is_profile_name(std::string_view(file).substr(0, file.size() - kSuffix.size()))) {
      return Place(file).error("a profile's file is NAME.json, NAME of a-z, 0-9, - and _");
    }
    const Defaults defaults = TRY(read_file_of(file.substr(0, file.size() - kSuffix.size())));
    const Place place(file);
    if (!defaults.otherwise) return place.error("\"otherwise\" is missing, here and in what it extends");
    if (*defaults.otherwise == kAllow && !defaults.unknown_calls) {
      return place.error(
          "\"unknown_calls\" is missing: with \"otherwise\": \"allow\" a newer kernel would widen it");
    }
    profile_.name = file.substr(0, file.size() - kSuffix.size());
    profile_.about = defaults.about;
    profile_.otherwise = *defaults.otherwise;
    profile_.unknown_calls = defaults.unknown_calls.value_or(*defaults.otherwise);
    TRY(needed_calls_are_allowed(place));
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

    const std::string path = folder_ + name + ".json";
    if (open_.size() > 1 && !std::filesystem::exists(path)) {
      return Place(open_[open_.size() - 2] + ".json").at("extends").error("there is no " + path);
    }
    const std::string text = TRY(read_file(path, place));
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

  Result<Defaults> read_bases(const json& extends, const Place& place, bool has_otherwise,
                              bool has_unknown_calls) {
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
    const bool known =
        std::ranges::any_of(kArches, [&](Arch arch) { return call_number(arch, call).has_value(); });
    if (!known) return place.at("calls").error("unknown call \"" + call + "\"");
    return {};
  }

  Result<std::vector<Condition>> read_when(const json& when, const std::string& call,
                                           const Place& place) const {
    if (!when.is_array() || when.empty())
      return place.at("when").error("must be a list of conditions, not empty");
    std::vector<Condition> conditions;
    for (std::size_t i = 0; i < when.size(); ++i) {
      conditions.push_back(TRY(read_condition(when[i], arch_, call, place.at("when", i))));
    }
    return conditions;
  }

  Result<void> add(const CallRule& rule, const Place& place) {
    const auto [earlier, is_new] = seen_.emplace(canonical(rule), rule.source);
    if (!is_new) {
      return place.at("calls").error(rule.call + " is already in " + earlier->second +
                                     (rule.when.empty() ? "" : " with the same \"when\""));
    }
    if (const auto* needed = std::ranges::find(kNeeded, rule.call, &NeededCall::name);
        needed != std::end(kNeeded) && rule.action != kAllow) {
      return place.error("forbids " + rule.call + ", " + needed->why);
    }
    if (call_number(arch_, rule.call)) profile_.rules.push_back(rule);
    return {};
  }

  Result<void> needed_calls_are_allowed(const Place& place) const {
    if (profile_.otherwise == kAllow) return {};
    for (const NeededCall& needed : kNeeded) {
      const bool allowed = std::ranges::any_of(profile_.rules, [&](const CallRule& rule) {
        return rule.call == needed.name && rule.when.empty();
      });
      if (allowed) continue;
      return place.at("otherwise")
          .error("forbids " + std::string(needed.name) + ", " + needed.why + "; add a rule that allows it");
    }
    return {};
  }

  std::string folder_;
  Arch arch_;
  Profile profile_ = {};
  std::vector<std::string> open_;            // the chain of extends we are in
  std::map<std::string, Defaults> done_;     // read completely
  std::map<std::string, std::string> seen_;  // canonical rule -> where
};

}  // namespace

Result<Profile> load_profile(const std::string& path, Arch arch) {
  return Reader(folder_of(path), arch).read(path);
}

}  // namespace bailiff
