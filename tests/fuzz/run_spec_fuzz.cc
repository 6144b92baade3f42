// What `bailiff-supervisor run` may be given.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "spec/json.h"

namespace {

using namespace bailiff;

/// A claim that does not hold is a finding.
void hold(bool claim) {
  if (!claim) std::abort();
}

void check_spec(const RunSpec& spec) {
  hold(!spec.argv.empty() && spec.argv[0].find('/') != std::string::npos && spec.workdir.starts_with('/'));
  for (const std::string& argument : spec.argv) hold(argument.find('\0') == std::string::npos);
  for (const auto& [name, value] : spec.env)
    hold(!name.empty() && (name + value).find('\0') == std::string::npos);
  for (const auto& [name, file] : spec.files) {
    hold(check_box_name(name, "").has_value() && file.mode <= 0777);
    hold(file.content.bytes.empty() || file.content.host_path.empty());
    for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
      hold(!spec.files.contains(name.substr(0, at)));
    }
  }
  for (const std::string& name : spec.collect) hold(check_box_name(name, "").has_value());
  hold(spec.limits.wall_time > Nanos{0} && spec.limits.disk.count >= 4096 && spec.limits.processes > 0);
}

/// What was read must come out again as it went in, as a result's bytes and as its text.
void check_result(std::string_view bytes) {
  RunResult run;
  run.reason_detail = std::string(bytes);
  run.stdout_stream.kept = std::string(bytes);
  run.files[std::string(bytes)].bytes = std::string(bytes);
  const auto result = nlohmann::json::parse(to_json(run));
  hold(result["stdout"].contains("text") == is_utf8(bytes));
  if (is_utf8(bytes)) hold(result["stdout"]["text"] == bytes && result["files"].contains(std::string(bytes)));
  if (is_utf8(bytes) && !bytes.empty()) hold(result["reason_detail"] == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<RunSpec> spec = parse_run_spec(text);
  if (spec) {
    check_spec(*spec);
  } else {
    hold(spec.error().fault == Fault::kRequest);
    hold(nlohmann::json::parse(to_json(spec.error()))["error"]["kind"] == "request");
  }
  check_result(text);
  return 0;
}
