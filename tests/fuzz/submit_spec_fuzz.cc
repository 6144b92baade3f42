// What `bailiff submit --spec` may be given, and what a language.json may hold.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "spec/json.h"
#include "spec/language.h"
#include "spec/submit_spec.h"

namespace {

using namespace bailiff;

/// A claim that does not hold is a finding.
void hold(bool claim) {
  if (!claim) std::abort();
}

void check_refusal(const Error& error) {
  hold(error.fault == Fault::kRequest);
  hold(nlohmann::json::parse(to_json(error))["error"]["kind"] == "request");
}

void check_files(const std::map<std::string, InputFile>& files) {
  hold(!files.empty());
  for (const auto& [name, file] : files) {
    hold(check_box_name(name, "").has_value() && file.mode <= 0777);
    hold(file.content.bytes.empty() || file.content.host_path.empty());
  }
}

void check_limits(const GivenLimits& limits, RunSpec run) {
  give_limits(run, limits);
  for (const auto& [key, value] : limits) hold(run.given.contains(key));
  hold(run.limits.wall_time > Nanos{0} && run.limits.disk.count >= 4096 && run.limits.processes > 0);
}

void check_submission(const SubmitSpec& spec) {
  hold(!spec.language.empty() && !spec.tests.empty() && spec.tests.size() <= kMaxTests);
  check_files(spec.files);
  check_limits(spec.compile_limits, {});
  std::set<std::string> names;
  for (const SubmitTest& test : spec.tests) {
    hold(!test.name.empty() && names.insert(test.name).second);
    for (const std::string& name : test.collect) hold(check_box_name(name, "").has_value());
    check_limits(test.limits, {});
  }
}

void check_language(const Language& language) {
  hold(!language.id.empty() && !language.run.argv.empty() && check_box_name(language.source, "").has_value());
  hold(language.compile.has_value() == !language.compile_image.empty());
  if (!language.compile) return;
  for (const auto& [name, mode] : language.compile->produces) {
    hold(check_box_name(name, "").has_value() && mode <= 0777);
  }
  const auto sources = choose_sources(language, {language.source, "-o.cc", "a b.c"});
  if (!sources) return check_refusal(sources.error());
  for (const std::string& argument : fill_in(language.compile->spec, *sources).argv) {
    hold(argument.find('\0') == std::string::npos && argument != "{sources}" && argument != "-o.cc");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<SubmitSpec> spec = parse_submit_spec(text);
  spec ? check_submission(*spec) : check_refusal(spec.error());
  const Result<Language> language = parse_language(text);
  language ? check_language(*language) : check_refusal(language.error());
  return 0;
}
