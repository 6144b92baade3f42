#include <nettle/base64.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "spec/json.h"

// Everything small goes through ordered_json. What a program wrote may be large: it is appended to the line
// as it is, never copied into a tree first.

namespace bailiff {
namespace {

using nlohmann::ordered_json;

/// One line. Text of unknown origin (a path in `reason_detail`) must not cost the caller the result: what is
/// not UTF-8 in it becomes U+FFFD.
std::string dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

template <typename T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}
ordered_json or_null(const std::optional<Nanos>& value) {
  return value ? ordered_json(value->count()) : ordered_json(nullptr);
}
ordered_json or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json figure(const CpuFigure& cpu) {
  return {{"ns", cpu.total.count()},
          {"user_ns", or_null(cpu.user)},
          {"system_ns", or_null(cpu.system)},
          {"source", cpu.source},
          {"resolution_ns", cpu.resolution.count()},
          {"includes", cpu.includes}};
}

ordered_json figure(const MemoryFigure& memory) {
  return {{"bytes", memory.peak.count},
          {"source", memory.source},
          {"resolution_bytes", memory.resolution.count},
          {"includes", memory.includes}};
}

template <typename Figure>
ordered_json figures(const std::vector<Figure>& all) {
  ordered_json array = ordered_json::array();
  for (const Figure& one : all) array.push_back(figure(one));
  return array;
}

ordered_json cpu_time(const CpuTime& cpu) {
  ordered_json object = figure(cpu.best);
  object["complete"] = cpu.complete;
  object["others"] = figures(cpu.others);
  return object;
}

ordered_json peak_memory(const PeakMemory& memory) {
  ordered_json object = figure(memory.best);
  object["others"] = figures(memory.others);
  return object;
}

ordered_json violation(const std::optional<Violation>& refused) {
  if (!refused) return nullptr;
  return {{"name", refused->name},
          {"nr", refused->nr},
          {"arch", refused->arch},
          {"args", refused->args},
          {"tid", refused->tid}};
}

ordered_json memory_breakdown(const std::optional<MemoryBreakdown>& stat) {
  if (!stat) return nullptr;
  return {{"anon", stat->anon.count},
          {"file", stat->file.count},
          {"shmem", stat->shmem.count},
          {"kernel", stat->kernel.count}};
}

ordered_json processes(const std::vector<ProcessRow>& rows) {
  ordered_json array = ordered_json::array();
  for (const ProcessRow& row : rows) {
    array.push_back({{"pid", row.pid},
                     {"cpu_ns", row.cpu.count()},
                     {"max_rss_bytes", row.max_rss.count},
                     {"exit_code", or_null(row.exit_code)},
                     {"signal", or_null(row.signal)}});
  }
  return array;
}

ordered_json before_payload(const RunResult& run) {
  return {{"status", verdict_name(run.status)},
          {"reason", or_null(run.reason)},
          {"reason_detail", or_null(run.reason_detail)},
          {"exit_code", or_null(run.exit_code)},
          {"signal", or_null(run.signal)},
          {"killed_by", run.killed_by},
          {"limits_exceeded", run.limits_exceeded},
          {"violation", violation(run.violation)},
          {"cpu_time", cpu_time(run.cpu_time)},
          {"wall_time",
           {{"ns", run.wall_time.total.count()},
            {"source", run.wall_time.source},
            {"resolution_ns", run.wall_time.resolution.count()}}},
          {"peak_memory", peak_memory(run.peak_memory)},
          {"memory_breakdown", memory_breakdown(run.memory_breakdown)},
          {"processes", processes(run.processes)},
          {"processes_omitted", run.processes_omitted}};
}

ordered_json after_payload(const RunResult& run) {
  return {{"residue", {{"processes_killed", run.residue_processes_killed}}},
          {"enforced", run.enforced},
          {"overhead",
           {{"prepare_ns", run.overhead.prepare.count()},
            {"spawn_ns", run.overhead.spawn.count()},
            {"run_ns", run.overhead.run.count()},
            {"collect_ns", run.overhead.collect.count()},
            {"cleanup_ns", run.overhead.cleanup.count()}}},
          {"sandbox",
           {{"runtime", run.sandbox.runtime},
            {"namespaces", run.sandbox.namespaces},
            {"seccomp", run.sandbox.seccomp}}}};
}

/// The inside of a JSON string (RFC 8259, section 7). `text` is UTF-8.
void append_escaped(std::string& line, std::string_view text) {
  constexpr std::string_view kLetters = "btn?fr";  // for U+0008 to U+000D; U+000B has none
  constexpr std::string_view kHex = "0123456789abcdef";
  std::size_t plain = 0;  // start of what needs no escape
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c != '"' && c != '\\') [[likely]]
      continue;
    line.append(text, plain, at - plain);
    plain = at + 1;

    const bool has_letter = 0x08 <= c && c <= 0x0D && c != 0x0B;
    const char escape[] = {'\\', 'u', '0', '0', kHex[c >> 4U], kHex[c & 0xFU]};
    const char quoted[] = {'\\', has_letter ? kLetters[c - 0x08U] : text[at]};
    if (has_letter || c >= 0x20) {
      line.append(quoted, sizeof quoted);
    } else {
      line.append(escape, sizeof escape);
    }
  }
  line.append(text, plain);
}

/// `"text":"…"`, or `"base64":"…"` when it is not UTF-8.
void append_payload(std::string& line, std::string_view bytes) {
  if (is_utf8(bytes)) {
    line += R"("text":")";
    append_escaped(line, bytes);
  } else {
    line += R"("base64":")";
    const std::size_t start = line.size();
    line.resize(start + BASE64_ENCODE_RAW_LENGTH(bytes.size()));
    base64_encode_raw(line.data() + start, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  }
  line += '"';
}

void append_stream(std::string& line, const Stream& stream) {
  line += '{';
  append_payload(line, stream.kept);
  line.append(R"(,"bytes":)").append(std::to_string(stream.bytes));
  line.append(R"(,"truncated":)").append(stream.truncated ? "true" : "false");
  line.append(R"(,"sha256":)").append(dump(stream.sha256)).push_back('}');
}

void append_files(std::string& line, const std::map<std::string, OutputFile>& files) {
  line += '{';
  for (const auto& [name, file] : files) {
    if (line.back() != '{') line += ',';
    line.append(dump(name)).append(":{");
    if (file.error.empty()) {
      append_payload(line, file.bytes);
    } else {
      line.append(R"("error":)").append(dump(file.error));
    }
    line += '}';
  }
  line += '}';
}

/// Enough for all of it as text with some escapes, or as base64.
std::size_t expected_size(const RunResult& run) {
  std::size_t payload = run.stdout_stream.kept.size() + run.stderr_stream.kept.size();
  for (const auto& [name, file] : run.files) payload += name.size() + file.bytes.size() + 16;
  return payload + payload / 2 + 4096;
}

std::string_view fault_name(Fault fault) {
  switch (fault) {
    case Fault::kRequest:
      return "request";
    case Fault::kHost:
      return "host";
    case Fault::kInternal:
      break;
  }
  return "internal";
}

}  // namespace

std::string to_json(const RunResult& result) {
  std::string line;
  line.reserve(expected_size(result));
  line.append(dump(before_payload(result))).pop_back();  // its '}': the object goes on
  append_stream(line.append(R"(,"stdout":)"), result.stdout_stream);
  append_stream(line.append(R"(,"stderr":)"), result.stderr_stream);
  append_files(line.append(R"(,"files":)"), result.files);
  return line.append(",").append(dump(after_payload(result)), 1);  // without its '{'
}

std::string to_json(const Error& error) {
  return dump(
      {{"error",
        {{"kind", fault_name(error.fault)}, {"key", or_null(error.key)}, {"message", error.message()}}}});
}

}  // namespace bailiff
