#include "spec/language.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "base/utf8.h"
#include "spec/json.h"
#include "spec/json_members.h"
#include "spec/run_spec_json.h"
#include "spec/strict_json.h"

namespace bailiff {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxId = 32, kMaxName = 64, kMaxImage = 255, kMaxProduced = 1000, kMaxSuffix = 32;
constexpr std::string_view kSources = "{sources}", kMemoryBytes = "{memory_bytes}",
                           kMemoryMib = "{memory_mib}";

Result<void> read_id(json& value, const std::string& key, Language& language) {
  language.id = TRY(take_string(value, key));
  const bool valid =
      !language.id.empty() && language.id.size() <= kMaxId &&
      language.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (!valid) return refuse(key, "must be 1 to 32 of a-z 0-9 -");
  return {};
}

Result<void> read_name(json& value, const std::string& key, Language& language) {
  language.name = TRY(take_label(value, key, kMaxName));
  return {};
}

Result<void> read_source(json& value, const std::string& key, Language& language) {
  language.source = TRY(take_string(value, key));
  return check_box_name(language.source, key);
}

/// A reference as docker takes it, begun so that no command can take it for an option.
Result<std::string> take_image(json& value, const std::string& key) {
  std::string image = TRY(take_string(value, key));
  const auto allowed = [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '.' ||
           c == '_' || c == '-' || c == '/' || c == ':' || c == '@';
  };
  const bool starts =
      !image.empty() && (('a' <= image[0] && image[0] <= 'z') || ('0' <= image[0] && image[0] <= '9'));
  if (!starts || image.size() > kMaxImage || !std::all_of(image.begin(), image.end(), allowed)) {
    return refuse(key, "must be the name of an image: a-z or 0-9, then A-Z a-z 0-9 . _ - / : @");
  }
  return image;
}

constexpr Member<Language> kImages[] = {
    {"compile",
     [](json& value, const std::string& key, Language& language) -> Result<void> {
       language.compile_image = TRY(take_image(value, key));
       return {};
     }},
    {"run",
     [](json& value, const std::string& key, Language& language) -> Result<void> {
       language.run_image = TRY(take_image(value, key));
       return {};
     }},
};

Result<void> read_images(json& object, const std::string& key, Language& language) {
  return read_members<Language>(object, key, kImages, language);
}

/// A RunSpec of which only these keys may be given; the rest comes with a submission.
Result<RunSpec> read_step(json& object, const std::string& key) {
  constexpr std::string_view kKeys[] = {"argv", "env", "limits", "seccomp"};
  if (!object.is_object()) return refuse(key, "must be an object");
  for (auto at = object.begin(); at != object.end(); ++at) {
    if (std::find(std::begin(kKeys), std::end(kKeys), at.key()) == std::end(kKeys)) {
      return refuse(member_key(key, at.key()), "is not a known key; here are: " + join(kKeys));
    }
  }
  return read_run_spec(object, key);
}

Result<void> read_produces(json& object, const std::string& key, CompileStep& compile) {
  if (!object.is_object() || object.empty() || object.size() > kMaxProduced) {
    return refuse(key, "must be an object of 1 to " + std::to_string(kMaxProduced) + " files: name -> mode");
  }
  std::vector<std::string_view> names;
  for (auto at = object.begin(); at != object.end(); ++at) {
    const std::string member = member_key(key, at.key());
    TRY(check_box_name(at.key(), member));
    compile.produces.emplace(at.key(), TRY(read_mode(at.value(), member)));
    compile.spec.collect.push_back(at.key());
    names.push_back(at.key());
  }
  if (const auto clash = find_name_clash(names)) {
    return refuse(member_key(key, names[clash->other]),
                  "is below " + member_key(key, names[clash->file]) + ", which is a file");
  }
  return {};
}

Result<void> read_suffixes(json& array, const std::string& key, CompileStep& compile) {
  if (!array.is_array() || array.empty()) return refuse(key, "must be a non-empty array of suffixes");
  for (json& value : array) {
    const std::string element = element_key(key, compile.sources.size());
    std::string suffix = TRY(take_label(value, element, kMaxSuffix));
    if (suffix.size() < 2 || suffix.front() != '.' || suffix.find('/') != std::string::npos) {
      return refuse(element, "must be a '.' and more, without a '/'");
    }
    compile.sources.push_back(std::move(suffix));
  }
  return {};
}

/// Suffixes say what {sources} stands for: one is nothing without the other.
Result<void> check_sources(const CompileStep& compile, const std::string& key) {
  const auto places = std::count(compile.spec.argv.begin(), compile.spec.argv.end(), kSources);
  if (places == (compile.sources.empty() ? 0 : 1)) return {};
  if (compile.sources.empty()) return refuse(member_key(key, "sources"), "is missing; argv has {sources}");
  return refuse(member_key(key, "argv"),
                "must have one argument that is {sources}, as there is a key sources");
}

Result<void> read_compile(json& object, const std::string& key, Language& language) {
  if (!object.is_object()) return refuse(key, "must be an object");
  const std::string produces = member_key(key, "produces");
  if (!object.contains("produces")) return refuse(produces, "is missing; must be an object: name -> mode");
  json files = std::move(object["produces"]);
  object.erase("produces");
  std::optional<json> suffixes;
  if (object.contains("sources")) suffixes = std::move(object["sources"]);
  object.erase("sources");

  CompileStep compile{.spec = TRY(read_step(object, key))};
  TRY(read_produces(files, produces, compile));
  if (suffixes) TRY(read_suffixes(*suffixes, member_key(key, "sources"), compile));
  TRY(check_sources(compile, key));
  language.compile = std::move(compile);
  return {};
}

Result<void> read_run(json& object, const std::string& key, Language& language) {
  language.run = TRY(read_step(object, key));
  if (std::count(language.run.argv.begin(), language.run.argv.end(), kSources) == 0) return {};
  return refuse(member_key(key, "argv"), "must not have {sources}, which is the compiler's");
}

/// Read as the argv of a RunSpec is.
Result<void> read_version(json& array, const std::string& key, Language& language) {
  json step = json::object();
  step["argv"] = std::move(array);
  Result<RunSpec> spec = read_run_spec(step, "");
  if (!spec) {  // its key is "argv" or "argv[1]"
    Error error = std::move(spec).error();
    error.key.replace(0, std::min(error.key.size(), std::string_view("argv").size()), key);
    return error;
  }
  language.version = std::move(spec->argv);
  return {};
}

constexpr Member<Language> kLanguage[] = {
    {"id", read_id},           {"name", read_name}, {"source", read_source},   {"images", read_images},
    {"compile", read_compile}, {"run", read_run},   {"version", read_version},
};

bool is_source(const CompileStep& compile, const std::string& name) {
  return std::any_of(compile.sources.begin(), compile.sources.end(),
                     [&](const std::string& suffix) { return name.ends_with(suffix); });
}

Result<void> check_complete(const Language& language) {
  const auto missing = [](std::string key, const std::string& what) {
    return refuse(std::move(key), "is missing; must be " + what);
  };
  if (language.id.empty()) return missing("id", "the name of its folder");
  if (language.name.empty()) return missing("name", "its name for people");
  if (language.source.empty()) return missing("source", "the name a submission's file gets");
  if (language.run_image.empty()) return missing("images.run", "the name of an image");
  if (language.run.argv.empty()) return missing("run", "an object with argv");
  if (language.version.empty()) return missing("version", "a non-empty array of strings");
  if (language.compile && language.compile_image.empty())
    return missing("images.compile", "the name of an image");
  if (!language.compile && !language.compile_image.empty())
    return missing("compile", "an object with argv and produces");
  if (!language.compile || language.compile->sources.empty() || is_source(*language.compile, language.source))
    return {};
  return refuse("source", "must end in one of compile.sources");
}

/// "a, b, c", or the beginning of a long list.
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 5;
  std::string text;
  for (std::size_t at = 0; at < std::min(names.size(), kMost); ++at)
    text += (at == 0 ? "" : ", ") + names[at];
  return names.size() <= kMost ? text : text + " and " + std::to_string(names.size() - kMost) + " more";
}

/// A name that begins with '-' or '@' would be an option, or a file of them.
std::string as_argument(const std::string& name) {
  const char first = name.front();
  const bool plain = ('a' <= first && first <= 'z') || ('A' <= first && first <= 'Z') ||
                     ('0' <= first && first <= '9') || first == '_';
  return plain ? name : "./" + name;
}

/// `text` with every `name` replaced by `value`.
std::string replaced(std::string text, std::string_view name, const std::string& value) {
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size())) {
    text.replace(at, name.size(), value);
  }
  return text;
}

void fill_in_memory(RunSpec& spec, std::uint64_t bytes) {
  const std::string in_bytes = std::to_string(bytes),
                    in_mib = std::to_string(std::max<std::uint64_t>(bytes >> 20, 1));
  const auto fill = [&](std::string& text) {
    text = replaced(replaced(std::move(text), kMemoryBytes, in_bytes), kMemoryMib, in_mib);
  };
  for (std::string& argument : spec.argv) fill(argument);
  for (auto& [name, value] : spec.env) fill(value);
}

bool wants_memory(std::string_view text) {
  return text.find(kMemoryBytes) != std::string_view::npos || text.find(kMemoryMib) != std::string_view::npos;
}

}  // namespace

Result<Language> parse_language(std::string_view text) try {
  if (text.size() > kMaxSpecBytes)
    return refuse("", "must be at most " + std::to_string(kMaxSpecBytes) + " bytes");
  json document = TRY(parse_strict_json(text));
  Language language;
  TRY(read_members<Language>(document, "", kLanguage, language));
  TRY(check_complete(language));
  return language;
} catch (const json::exception& error) {  // nothing above asks for a type it has not seen
  return refuse("", error.what());
}

Result<std::vector<std::string>> choose_sources(const Language& language,
                                                const std::vector<std::string>& files) {
  if (!language.compile || language.compile->sources.empty()) {
    if (std::find(files.begin(), files.end(), language.source) != files.end())
      return std::vector{language.source};
    return request_error(
        "files", language.name + " starts at " + language.source + ", which is not among: " + listed(files));
  }
  std::vector<std::string> sources;
  std::copy_if(files.begin(), files.end(), std::back_inserter(sources),
               [&](const std::string& name) { return is_source(*language.compile, name); });
  if (!sources.empty()) return sources;
  return request_error("files", language.name + " compiles " + listed(language.compile->sources) +
                                    "; none of that is among: " + listed(files));
}

RunSpec fill_in(RunSpec spec, const std::vector<std::string>& sources) {
  if (spec.limits.memory) {
    fill_in_memory(spec, spec.limits.memory->count);
  } else {
    spec.argv.erase(std::remove_if(spec.argv.begin() + 1, spec.argv.end(), wants_memory), spec.argv.end());
    std::erase_if(spec.env, [](const auto& variable) { return wants_memory(variable.second); });
  }
  // After that: a name is taken as it is, whatever is in it.
  if (const auto place = std::find(spec.argv.begin(), spec.argv.end(), kSources); place != spec.argv.end()) {
    std::vector<std::string> names;
    std::transform(sources.begin(), sources.end(), std::back_inserter(names), as_argument);
    spec.argv.insert(spec.argv.erase(place), names.begin(), names.end());
  }
  return spec;
}

}  // namespace bailiff
