#include "spec/run_spec_json.h"

#include <nettle/base64.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spec/enforceable.h"
#include "spec/json.h"
#include "spec/json_members.h"
#include "spec/strict_json.h"

namespace bailiff {
namespace {

using nlohmann::json;

// Strings and names

constexpr std::size_t kMaxPath = 4095;        // PATH_MAX without its NUL
constexpr std::size_t kMaxArgument = 131071;  // MAX_ARG_STRLEN without its NUL (include/uapi/linux/binfmts.h)
constexpr std::size_t kMaxCollected = 1000;
constexpr std::size_t kMaxMechanism = 255;

/// RFC 4648, section 4. nettle skips white space; the RFC (section 3.3) says to refuse it, and so do we.
std::optional<std::string> decode_base64(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || ('\t' <= c && c <= '\r'); };
  if (std::any_of(text.begin(), text.end(), is_space)) return std::nullopt;

  std::string bytes(BASE64_DECODE_LENGTH(text.size()), '\0');
  std::size_t length = 0;
  base64_decode_ctx decoder;
  base64_decode_init(&decoder);
  auto* out = reinterpret_cast<std::uint8_t*>(bytes.data());
  if (base64_decode_update(&decoder, &length, out, text.size(), text.data()) == 0) return std::nullopt;
  if (base64_decode_final(&decoder) == 0) return std::nullopt;
  bytes.resize(length);
  return bytes;
}

// Limits

constexpr std::uint64_t kMaxTimeMs = 86'400'000;  // a day
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 50;
constexpr std::uint64_t kMaxStack = std::uint64_t{1} << 46;  // half of the addresses x86-64 has for a process
constexpr std::uint64_t kMaxDisk = std::uint64_t{1} << 46;

using Amount = std::optional<std::uint64_t>;

Nanos millis(std::uint64_t count) { return std::chrono::milliseconds(static_cast<std::int64_t>(count)); }
std::optional<Nanos> millis(Amount count) { return count ? std::optional(millis(*count)) : std::nullopt; }
std::optional<Bytes> bytes(Amount count) { return count ? std::optional(Bytes{*count}) : std::nullopt; }

enum class Null { kRefused, kUnlimited };

struct LimitRow {
  std::string_view key;
  std::uint64_t low, high;
  Null null;
  void (*set)(Limits& limits, Amount amount);  // `amount` has a value where null is refused

  [[nodiscard]] std::string range() const {
    return "must be an integer from " + std::to_string(low) + " to " + std::to_string(high) +
           (null == Null::kUnlimited ? ", or null for unlimited" : "");
  }
};

// docs/run-spec.md and docs/run-spec.schema.json have the same rows; a test holds them together.
constexpr LimitRow kLimits[] = {
    {"cpu_time_ms", 1, kMaxTimeMs, Null::kUnlimited, [](Limits& l, Amount n) { l.cpu_time = millis(n); }},
    {"wall_time_ms", 1, kMaxTimeMs, Null::kRefused, [](Limits& l, Amount n) { l.wall_time = millis(*n); }},
    {"memory_bytes", 65536, kMaxBytes, Null::kUnlimited, [](Limits& l, Amount n) { l.memory = bytes(n); }},
    {"stack_bytes", 65536, kMaxStack, Null::kUnlimited, [](Limits& l, Amount n) { l.stack = bytes(n); }},
    {"output_bytes", 1, 1U << 30, Null::kRefused, [](Limits& l, Amount n) { l.output = Bytes{*n}; }},
    {"file_size_bytes", 1, kMaxBytes, Null::kUnlimited, [](Limits& l, Amount n) { l.file_size = bytes(n); }},
    {"processes", 1, 65536, Null::kRefused,
     [](Limits& l, Amount n) { l.processes = static_cast<unsigned>(*n); }},
    {"open_files", 4, 1U << 20, Null::kRefused,
     [](Limits& l, Amount n) { l.open_files = static_cast<unsigned>(*n); }},
    {"disk_bytes", 4096, kMaxDisk, Null::kRefused, [](Limits& l, Amount n) { l.disk = Bytes{*n}; }},
    {"disk_inodes", 1, std::uint64_t{1} << 32, Null::kUnlimited,
     [](Limits& l, Amount n) { l.disk_inodes = n; }},
    {"address_space_bytes", 65536, kMaxBytes, Null::kUnlimited,
     [](Limits& l, Amount n) { l.address_space = bytes(n); }},
    {"data_bytes", 65536, kMaxBytes, Null::kUnlimited,
     [](Limits& l, Amount n) { l.data_segment = bytes(n); }},
};

Result<Amount> read_amount(const json& value, const std::string& key, const LimitRow& row) {
  if (value.is_null() && row.null == Null::kUnlimited) return Amount{};
  // Negative, fractional and larger than 64 bits all come as other types than this one.
  const auto* number = value.get_ptr<const json::number_unsigned_t*>();
  if (number == nullptr || *number < row.low || *number > row.high) return refuse(key, row.range());
  return Amount{*number};
}

/// Room for a program that waits for its input or shares a core, as far as one may ask for it.
Nanos default_wall_time(const std::optional<Nanos>& cpu_time) {
  if (!cpu_time) return 30s;
  return std::clamp<Nanos>(3 * *cpu_time, 3s, millis(kMaxTimeMs));
}

Result<const LimitRow*> find_limit(std::string_view name, const std::string& key) {
  const auto* row = find_row(std::span<const LimitRow>(kLimits), name);
  if (row == nullptr) return unknown_key(key, std::span<const LimitRow>(kLimits));
  return row;
}

// Content: stdin and files

Result<void> read_text(json& value, const std::string& key, Content& content) {
  content.bytes = TRY(take_string(value, key));
  return {};
}

Result<void> read_base64(json& value, const std::string& key, Content& content) {
  auto decoded = decode_base64(TRY(take_string(value, key)));
  if (!decoded) return refuse(key, "must be base64 (RFC 4648 section 4: padded, no white space)");
  content.bytes = *std::move(decoded);
  return {};
}

Result<void> read_host_path(json& value, const std::string& key, Content& content) {
  content.host_path = TRY(take_host_path(value, key));
  return {};
}

template <Result<void> (*kRead)(json& value, const std::string& key, Content& content)>
Result<void> into_file(json& value, const std::string& key, InputFile& file) {
  return kRead(value, key, file.content);
}

Result<void> read_file_mode(json& value, const std::string& key, InputFile& file) {
  file.mode = TRY(read_mode(value, key));
  return {};
}

constexpr Member<Content> kStdin[] = {
    {"content", read_text},
    {"base64", read_base64},
    {"path", read_host_path},
};

constexpr Member<InputFile> kFile[] = {
    {"content", into_file<read_text>},
    {"base64", into_file<read_base64>},
    {"path", into_file<read_host_path>},
    {"mode", read_file_mode},
};

template <typename Target>
Result<void> read_content(json& object, const std::string& key, std::span<const Member<Target>> members,
                          Target& target) {
  TRY(read_members(object, key, members, target));
  const std::size_t sources = object.count("content") + object.count("base64") + object.count("path");
  if (sources != 1) return refuse(key, "must have exactly one of content, base64, path");
  return {};
}

/// No file may be where another file needs a directory.
Result<void> check_no_file_is_a_directory(const std::map<std::string, InputFile>& files,
                                          const std::string& key) {
  std::vector<std::string_view> names;
  names.reserve(files.size());
  for (const auto& [name, file] : files) names.push_back(name);
  const auto clash = find_name_clash(names);
  if (!clash) return {};
  return refuse(member_key(key, names[clash->other]),
                "is below " + member_key(key, names[clash->file]) + ", which is a file");
}

// The other keys of a run

Result<void> read_argv(json& array, const std::string& key, RunSpec& spec) {
  if (!array.is_array() || array.empty()) return refuse(key, "must be a non-empty array of strings");
  spec.argv.reserve(array.size());
  for (json& value : array) {
    spec.argv.push_back(TRY(take_c_string(value, element_key(key, spec.argv.size()), kMaxArgument)));
  }
  if (spec.argv[0].find('/') == std::string::npos) {
    return refuse(element_key(key, 0), "must contain a '/': PATH is not searched");
  }
  return {};
}

Result<void> read_env(json& object, const std::string& key, RunSpec& spec) {
  if (!object.is_object()) return refuse(key, "must be an object: name -> string");
  spec.env.clear();
  for (auto at = object.begin(); at != object.end(); ++at) {
    const std::string& name = at.key();
    const std::string member = member_key(key, name);
    if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos) {
      return refuse(member, "must have a name that is not empty and has neither '=' nor NUL");
    }
    std::string value = TRY(take_c_string(at.value(), member, kMaxArgument));
    if (name.size() + 1 + value.size() > kMaxArgument) {
      return refuse(member,
                    "must be at most " + std::to_string(kMaxArgument) + " bytes, name and '=' included");
    }
    spec.env.emplace_hint(spec.env.end(), name, std::move(value));
  }
  return {};
}

Result<void> read_workdir(json& value, const std::string& key, RunSpec& spec) {
  spec.workdir = TRY(take_c_string(value, key, kMaxPath));
  if (!spec.workdir.starts_with('/')) return refuse(key, "must be an absolute path");
  return {};
}

Result<void> read_seccomp(json& value, const std::string& key, RunSpec& spec) {
  const auto* name = value.get_ptr<const json::string_t*>();
  const bool valid = name != nullptr && !name->empty() && name->size() <= 64 &&
                     name->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
  if (!valid) return refuse(key, "must be the name of a profile: 1 to 64 of a-z 0-9 _ -");
  spec.seccomp = *name;
  return {};
}

Result<void> check_enforceable(std::string_view name, const std::string& key) {
  if (std::find(kEnforceable.begin(), kEnforceable.end(), name) != kEnforceable.end()) return {};
  return refuse(key, "must be one of " + join(kEnforceable));
}

Result<void> read_require(json& object, const std::string& key, RunSpec& spec) {
  if (!object.is_object()) return refuse(key, "must be an object: limit or layer -> mechanism");
  for (auto at = object.begin(); at != object.end(); ++at) {
    const std::string member = member_key(key, at.key());
    TRY(check_enforceable(at.key(), member));
    std::string mechanism = TRY(take_c_string(at.value(), member, kMaxMechanism));
    if (mechanism.empty()) return refuse(member, "must be the name of a mechanism");
    spec.require.emplace(at.key(), std::move(mechanism));
  }
  return {};
}

Result<void> read_accept_missing(json& array, const std::string& key, RunSpec& spec) {
  if (!array.is_array()) return refuse(key, "must be an array of limits and layers");
  for (std::size_t at = 0; at < array.size(); ++at) {
    const std::string element = element_key(key, at);
    std::string name = TRY(take_string(array[at], element));
    TRY(check_enforceable(name, element));
    if (!spec.accept_missing.insert(std::move(name)).second) return refuse(element, "is given twice");
  }
  return {};
}

constexpr Member<RunSpec> kRunSpec[] = {
    {"argv", read_argv},
    {"env", read_env},
    {"workdir", read_workdir},
    {"files",
     [](json& value, const std::string& key, RunSpec& spec) { return read_files(value, key, spec.files); }},
    {"stdin", [](json& value, const std::string& key,
                 RunSpec& spec) { return read_stdin(value, key, spec.stdin_content); }},
    {"collect", [](json& value, const std::string& key,
                   RunSpec& spec) { return read_collect(value, key, spec.collect); }},
    {"limits",
     [](json& value, const std::string& key, RunSpec& spec) -> Result<void> {
       give_limits(spec, TRY(read_given_limits(value, key)));
       return {};
     }},
    {"seccomp", read_seccomp},
    {"require", read_require},
    {"accept_missing", read_accept_missing},
};

/// What execve(2) must copy: the path, every string with its NUL, a pointer to each. More than a quarter of
/// the stack is E2BIG, in bounds that no stack moves (fs/exec.c, bprm_stack_limits; to the byte on
/// Linux 6.18).
Result<void> check_exec_room(const RunSpec& spec, const std::string& key) {
  constexpr Bytes kAlways = 128_KiB, kNever = 6_MiB;
  const Bytes quarter = spec.limits.stack ? Bytes{spec.limits.stack->count / 4} : kNever;
  const Bytes room = std::clamp(quarter, kAlways, kNever);

  std::uint64_t argv = spec.argv[0].size() + 1, env = 0;
  for (const std::string& argument : spec.argv) argv += argument.size() + 1 + sizeof(char*);
  for (const auto& [name, value] : spec.env) env += name.size() + 1 + value.size() + 1 + sizeof(char*);
  if (argv + env <= room.count) return {};
  return refuse(member_key(key, argv >= env ? "argv" : "env"),
                "argv and env must be at most " + std::to_string(room.count) + " bytes together, are " +
                    std::to_string(argv + env) + "; a quarter of stack_bytes counts, from 131072 to 6291456");
}

}  // namespace

Result<void> read_limit(const json& value, const std::string& key, std::string_view name, Limits& limits) {
  const LimitRow* row = TRY(find_limit(name, key));
  row->set(limits, TRY(read_amount(value, key, *row)));
  return {};
}

Result<GivenLimits> read_given_limits(json& object, const std::string& key) {
  if (!object.is_object()) return refuse(key, "must be an object");
  GivenLimits given;
  for (auto at = object.begin(); at != object.end(); ++at) {
    const std::string member = member_key(key, at.key());
    const LimitRow* row = TRY(find_limit(at.key(), member));
    given[at.key()] = TRY(read_amount(at.value(), member, *row));
  }
  return given;
}

Result<Amount> parse_limit(std::string_view name, std::string_view text, const std::string& key) {
  const LimitRow* row = TRY(find_limit(name, key));
  const Result<json> value = parse_strict_json(text);
  if (!value) return refuse(key, row->range());
  return read_amount(*value, key, *row);
}

void give_limits(RunSpec& spec, const GivenLimits& limits) {
  for (const auto& [name, amount] : limits) {
    find_row(std::span<const LimitRow>(kLimits), name)->set(spec.limits, amount);
    spec.given.insert(name);
  }
  if (!spec.given.contains("wall_time_ms")) spec.limits.wall_time = default_wall_time(spec.limits.cpu_time);
}

Result<void> read_stdin(json& object, const std::string& key, Content& content) {
  return read_content<Content>(object, key, kStdin, content);
}

Result<void> read_files(json& object, const std::string& key, std::map<std::string, InputFile>& files) {
  if (!object.is_object()) return refuse(key, "must be an object: name -> file");
  for (auto at = object.begin(); at != object.end(); ++at) {
    const std::string member = member_key(key, at.key());
    TRY(check_box_name(at.key(), member));
    TRY(read_content<InputFile>(at.value(), member, kFile, files[at.key()]));
  }
  return check_no_file_is_a_directory(files, key);
}

Result<void> read_collect(json& array, const std::string& key, std::vector<std::string>& collect) {
  if (!array.is_array() || array.size() > kMaxCollected) {
    return refuse(key, "must be an array of at most " + std::to_string(kMaxCollected) + " names");
  }
  std::set<std::string_view> seen;
  collect.reserve(array.size());  // `seen` looks into it: it must not move
  for (json& value : array) {
    const std::string element = element_key(key, collect.size());
    std::string name = TRY(take_string(value, element));
    TRY(check_box_name(name, element));
    collect.push_back(std::move(name));
    if (!seen.insert(collect.back()).second) return refuse(element, "is given twice");
  }
  return {};
}

Result<unsigned> read_mode(const json& value, const std::string& key) {
  const auto* text = value.get_ptr<const json::string_t*>();
  const bool octal = text != nullptr && !text->empty() && text->size() <= 4 &&
                     text->find_first_not_of("01234567") == std::string::npos;
  const unsigned long mode = octal ? std::stoul(*text, nullptr, 8) : 0;
  if (!octal || mode > 0777) return refuse(key, R"(must be an octal string from "0000" to "0777")");
  return static_cast<unsigned>(mode);
}

Result<std::string> take_host_path(json& value, const std::string& key) {
  std::string path = TRY(take_c_string(value, key, kMaxPath));
  if (path.empty()) return refuse(key, "must be the path of a file on the host");
  return path;
}

std::optional<NameClash> find_name_clash(std::span<const std::string_view> names) {
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // With '/' before every other byte, what lies below a name comes right after it.
  const auto rank = [](char c) { return c == '/' ? 0 : static_cast<unsigned char>(c); };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::lexicographical_compare(names[a].begin(), names[a].end(), names[b].begin(), names[b].end(),
                                        [&](char x, char y) { return rank(x) < rank(y); });
  });
  for (std::size_t at = 1; at < order.size(); ++at) {
    const std::string_view upper = names[order[at - 1]], lower = names[order[at]];
    if (!lower.starts_with(upper)) continue;
    if (lower.size() == upper.size() || lower[upper.size()] == '/')
      return NameClash{order[at - 1], order[at]};
  }
  return std::nullopt;
}

Result<RunSpec> read_run_spec(json& object, const std::string& key) {
  RunSpec spec;
  TRY(read_members<RunSpec>(object, key, kRunSpec, spec));
  if (spec.argv.empty())
    return refuse(member_key(key, "argv"), "is missing; must be a non-empty array of strings");
  TRY(check_exec_room(spec, key));
  return spec;
}

Result<json> parse_spec_text(std::string_view text) {
  if (text.size() > kMaxSpecBytes) {
    return refuse("", "spec is " + std::to_string(text.size()) + " bytes, must be at most " +
                          std::to_string(kMaxSpecBytes) + "; larger test data goes by path");
  }
  return parse_strict_json(text);
}

Result<RunSpec> parse_run_spec(std::string_view text) try {
  json document = TRY(parse_spec_text(text));
  return read_run_spec(document, "");
} catch (const json::exception& error) {  // nothing above asks for a type it has not seen
  return refuse("", error.what());
}

}  // namespace bailiff
