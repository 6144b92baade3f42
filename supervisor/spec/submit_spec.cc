#include "spec/submit_spec.h"

#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <utility>

#include "spec/json.h"
#include "spec/json_members.h"
#include "spec/run_spec_json.h"
#include "spec/strict_json.h"

namespace bailiff {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxTestName = 255;

Result<void> read_name(json& value, const std::string& key, SubmitTest& test) {
  test.name = TRY(take_label(value, key, kMaxTestName));
  return {};
}

constexpr Member<SubmitTest> kTest[] = {
    {"name", read_name},
    {"stdin", [](json& value, const std::string& key,
                 SubmitTest& test) { return read_stdin(value, key, test.stdin_content); }},
    {"limits",
     [](json& value, const std::string& key, SubmitTest& test) -> Result<void> {
       test.limits = TRY(read_given_limits(value, key));
       return {};
     }},
    {"collect", [](json& value, const std::string& key,
                   SubmitTest& test) { return read_collect(value, key, test.collect); }},
};

Result<void> read_tests(json& array, const std::string& key, SubmitSpec& spec) {
  if (!array.is_array() || array.empty() || array.size() > kMaxTests) {
    return refuse(key, "must be an array of 1 to " + std::to_string(kMaxTests) + " tests");
  }
  std::set<std::string_view> seen;
  spec.tests.reserve(array.size());  // `seen` looks into it: it must not move
  for (json& value : array) {
    const std::string element = element_key(key, spec.tests.size());
    SubmitTest& test = spec.tests.emplace_back();
    TRY(read_members<SubmitTest>(value, element, kTest, test));
    const std::string name = member_key(element, "name");
    if (test.name.empty()) return refuse(name, "is missing; results bear it");
    if (!seen.insert(test.name).second) return refuse(name, "is given twice");
  }
  return {};
}

constexpr Member<SubmitSpec> kCompile[] = {
    {"limits",
     [](json& value, const std::string& key, SubmitSpec& spec) -> Result<void> {
       spec.compile_limits = TRY(read_given_limits(value, key));
       return {};
     }},
};

constexpr Member<SubmitSpec> kSubmitSpec[] = {
    {"language",
     [](json& value, const std::string& key, SubmitSpec& spec) -> Result<void> {
       spec.language = TRY(take_string(value, key));
       if (spec.language.empty()) return refuse(key, "must be the id of a language");
       return {};
     }},
    {"files", [](json& value, const std::string& key,
                 SubmitSpec& spec) { return read_files(value, key, spec.files); }},
    {"compile", [](json& value, const std::string& key,
                   SubmitSpec& spec) { return read_members<SubmitSpec>(value, key, kCompile, spec); }},
    {"tests", read_tests},
    {"stop_on_first_failure",
     [](json& value, const std::string& key, SubmitSpec& spec) -> Result<void> {
       if (!value.is_boolean()) return refuse(key, "must be true or false");
       spec.stop_on_first_failure = value.get<bool>();
       return {};
     }},
};

Result<void> check_complete(const SubmitSpec& spec) {
  if (spec.language.empty()) return refuse("language", "is missing; must be the id of a language");
  if (spec.files.empty()) return refuse("files", "must be an object with at least one file: name -> file");
  if (spec.tests.empty()) return refuse("tests", "is missing; must be an array of tests");
  return {};
}

}  // namespace

Result<SubmitSpec> parse_submit_spec(std::string_view text) try {
  json document = TRY(parse_spec_text(text));
  SubmitSpec spec;
  TRY(read_members<SubmitSpec>(document, "", kSubmitSpec, spec));
  TRY(check_complete(spec));
  return spec;
} catch (const json::exception& error) {  // nothing above asks for a type it has not seen
  return refuse("", error.what());
}

}  // namespace bailiff
