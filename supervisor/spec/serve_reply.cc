#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "spec/serve_peer.h"
#include "spec/strict_json.h"

namespace bailiff {
namespace {

using nlohmann::json;

// What the body of a reply says is wrong ends here, as one Error; nothing above parse_reply sees it.
struct BadReply {
  std::string what;
};

[[noreturn]] void bad(const std::string& what) { throw BadReply{what}; }

const json& at(const json& object, const char* key) {
  if (!object.is_object()) bad(std::string("what should have ") + key + " is no object");
  const auto found = object.find(key);
  if (found == object.end()) bad(std::string(key) + " is missing");
  return *found;
}

std::string text(const json& object, const char* key) {
  const json& value = at(object, key);
  if (!value.is_string()) bad(std::string(key) + " is no string");
  return value.get<std::string>();
}

std::string text_or_empty(const json& object, const char* key) {
  return at(object, key).is_null() ? std::string() : text(object, key);
}

std::uint64_t number(const json& value, const char* key) {
  const auto* whole = value.get_ptr<const json::number_unsigned_t*>();
  if (whole == nullptr) bad(std::string(key) + " is no whole number");
  return *whole;
}
std::uint64_t number_at(const json& object, const char* key) { return number(at(object, key), key); }

int small(const json& value, const char* key) {
  const std::uint64_t whole = number(value, key);
  if (whole > static_cast<std::uint64_t>(std::numeric_limits<int>::max()))
    bad(std::string(key) + " is too large");
  return static_cast<int>(whole);
}
std::optional<int> small_or_none(const json& object, const char* key) {
  const json& value = at(object, key);
  return value.is_null() ? std::nullopt : std::optional(small(value, key));
}

Nanos time(const json& object, const char* key) {
  const std::uint64_t whole = number_at(object, key);
  if (whole > static_cast<std::uint64_t>(Nanos::max().count())) bad(std::string(key) + " is too large");
  return Nanos{static_cast<std::int64_t>(whole)};
}
std::optional<Nanos> time_or_none(const json& object, const char* key) {
  return at(object, key).is_null() ? std::nullopt : std::optional(time(object, key));
}
Bytes bytes(const json& object, const char* key) { return Bytes{number_at(object, key)}; }

bool truth(const json& object, const char* key) {
  const json& value = at(object, key);
  if (!value.is_boolean()) bad(std::string(key) + " is neither true nor false");
  return value.get<bool>();
}

const json& array(const json& object, const char* key) {
  const json& value = at(object, key);
  if (!value.is_array()) bad(std::string(key) + " is no array");
  return value;
}

Verdict verdict(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(Verdict::kCancelled); ++i) {
    if (verdict_name(static_cast<Verdict>(i)) == name) return static_cast<Verdict>(i);
  }
  bad("status " + name + " is no verdict");
}

CpuFigure cpu_figure(const json& from) {
  return {.total = time(from, "ns"),
          .user = time_or_none(from, "user_ns"),
          .system = time_or_none(from, "system_ns"),
          .source = text(from, "source"),
          .resolution = time(from, "resolution_ns"),
          .includes = text(from, "includes")};
}

MemoryFigure memory_figure(const json& from) {
  return {.peak = bytes(from, "bytes"),
          .source = text(from, "source"),
          .resolution = bytes(from, "resolution_bytes"),
          .includes = text(from, "includes")};
}

/// What came behind the header, taken apart from its front: each byte once, however often a header names it.
struct Body {
  Blob bytes;
  std::uint64_t taken = 0;
};

Blob part(const json& place, Body& body) {
  const json& range = array(place, "body");
  if (range.size() != 2) bad("body is no pair");
  const std::uint64_t offset = number(range[0], "body"), length = number(range[1], "body");
  if (offset != body.taken) bad("a place in the body that does not begin where the last one ended");
  if (length > body.bytes.size() - offset) bad("a place outside of the body");
  body.taken += length;
  Result<Blob> bytes = body.bytes.part(offset, length);
  if (!bytes) bad(bytes.error().message());
  return *std::move(bytes);
}

Stream stream(const json& from, Body& body, Blob early) {
  Stream stream = {.kept = std::move(early),
                   .bytes = number_at(from, "bytes"),
                   .truncated = truth(from, "truncated"),
                   .sha256 = text(from, "sha256")};
  const auto came_early = from.find("early");
  if ((came_early == from.end() ? 0 : number(*came_early, "early")) != stream.kept.size())
    bad("early is not what came before");
  Blob rest = part(from, body);
  if (stream.kept.size() == 0) {
    stream.kept = std::move(rest);
  } else if (const Result<void> appended = stream.kept.append_all(rest); !appended) {
    bad(appended.error().message());
  }
  if (stream.kept.size() > stream.bytes) bad("more output kept than written");
  return stream;
}

void read_verdict(const json& from, RunResult& run) {
  run.status = verdict(text(from, "status"));
  run.reason = text_or_empty(from, "reason");
  run.reason_detail = text_or_empty(from, "reason_detail");
  run.exit_code = small_or_none(from, "exit_code");
  run.signal = small_or_none(from, "signal");
  run.killed_by = text(from, "killed_by");
  for (const json& name : array(from, "limits_exceeded")) {
    if (!name.is_string()) bad("limits_exceeded has what is no string");
    run.limits_exceeded.push_back(name.get<std::string>());
  }
  const json& refused = at(from, "violation");
  if (refused.is_null()) return;
  Violation violation = {.name = text(refused, "name"),
                         .nr = small(at(refused, "nr"), "nr"),
                         .arch = text(refused, "arch"),
                         .tid = small(at(refused, "tid"), "tid")};
  const json& args = array(refused, "args");
  if (args.size() != violation.args.size()) bad("args has another length");
  std::transform(args.begin(), args.end(), violation.args.begin(),
                 [](const json& value) { return number(value, "args"); });
  run.violation = std::move(violation);
}

void read_measurements(const json& from, RunResult& run) {
  const json& cpu = at(from, "cpu_time");
  run.cpu_time.best = cpu_figure(cpu);
  run.cpu_time.complete = truth(cpu, "complete");
  for (const json& other : array(cpu, "others")) run.cpu_time.others.push_back(cpu_figure(other));
  const json& wall = at(from, "wall_time");
  run.wall_time = {
      .total = time(wall, "ns"), .source = text(wall, "source"), .resolution = time(wall, "resolution_ns")};
  const json& memory = at(from, "peak_memory");
  run.peak_memory.best = memory_figure(memory);
  for (const json& other : array(memory, "others")) run.peak_memory.others.push_back(memory_figure(other));
  if (const json& parts = at(from, "memory_breakdown"); !parts.is_null()) {
    run.memory_breakdown = {.anon = bytes(parts, "anon"),
                            .file = bytes(parts, "file"),
                            .shmem = bytes(parts, "shmem"),
                            .kernel = bytes(parts, "kernel")};
  }
  for (const json& row : array(from, "processes")) {
    run.processes.push_back({.pid = small(at(row, "pid"), "pid"),
                             .cpu = time(row, "cpu_ns"),
                             .max_rss = bytes(row, "max_rss_bytes"),
                             .exit_code = small_or_none(row, "exit_code"),
                             .signal = small_or_none(row, "signal")});
  }
  run.processes_omitted = number_at(from, "processes_omitted");
}

void read_output(const json& from, Body& body, EarlyStreams early, RunResult& run) {
  run.stdout_stream = stream(at(from, "stdout"), body, std::move(early.out));
  run.stderr_stream = stream(at(from, "stderr"), body, std::move(early.err));
  const json& files = at(from, "files");
  if (!files.is_object()) bad("files is no object");
  for (auto file = files.begin(); file != files.end(); ++file) {
    OutputFile& collected = run.files[file.key()];
    if (file->contains("error")) {
      collected.error = text(*file, "error");
    } else {
      collected.bytes = part(*file, body);
    }
  }
}

void read_surroundings(const json& from, RunResult& run) {
  run.residue_processes_killed = number_at(at(from, "residue"), "processes_killed");
  const json& enforced = at(from, "enforced");
  if (!enforced.is_object()) bad("enforced is no object");
  for (auto limit = enforced.begin(); limit != enforced.end(); ++limit) {
    run.enforced[limit.key()] = text(enforced, limit.key().c_str());
  }
  const json& overhead = at(from, "overhead");
  run.overhead = {.prepare = time(overhead, "prepare_ns"),
                  .spawn = time(overhead, "spawn_ns"),
                  .run = time(overhead, "run_ns"),
                  .collect = time(overhead, "collect_ns"),
                  .cleanup = time(overhead, "cleanup_ns")};
  const json& sandbox = at(from, "sandbox");
  run.sandbox.runtime = text(sandbox, "runtime");
  run.sandbox.seccomp = text(sandbox, "seccomp");
  for (const json& name : array(sandbox, "namespaces")) {
    if (!name.is_string()) bad("namespaces has what is no string");
    run.sandbox.namespaces.push_back(name.get<std::string>());
  }
}

RunResult read_result(const json& from, Body& body, EarlyStreams early) {
  RunResult run;
  read_verdict(from, run);
  read_measurements(from, run);
  read_output(from, body, std::move(early), run);
  read_surroundings(from, run);
  return run;
}

Error read_error(const json& from) {
  const std::string kind = text(from, "kind");
  const Fault fault = kind == "request" ? Fault::kRequest : kind == "host" ? Fault::kHost : Fault::kInternal;
  return Error{fault, 0, text(from, "message"), text_or_empty(from, "key")};
}

Reply read_reply(const json& from, Body body, EarlyStreams early) {
  if (!from.is_object()) bad("no object");
  if (const auto hello = from.find("hello"); hello != from.end()) {
    const bool early_output = hello->contains("early_output") && truth(*hello, "early_output");
    return {0, HelloReply{number_at(*hello, "protocol"), text(*hello, "version"), text(*hello, "runtime"), early_output}};
  }
  Reply reply;
  const json& id = at(from, "id");
  if (!id.is_null()) reply.id = number(id, "id");
  if (const auto result = from.find("result"); result != from.end()) {
    reply.what = read_result(*result, body, std::move(early));
  } else if (const auto error = from.find("error"); error != from.end()) {
    reply.what = read_error(*error);
  } else if (from.contains("opened")) {
    reply.what = OpenedReply{};
  } else if (from.contains("closed")) {
    reply.what = ClosedReply{};
  } else {
    bad("none of hello, opened, closed, result, error");
  }
  return reply;
}

}  // namespace

std::optional<OutputPlace> output_place(std::string_view header) {
  constexpr std::size_t kLongest = 256;  // what is longer is another reply, and is read once only
  if (header.size() > kLongest) return std::nullopt;
  const Result<json> document = parse_strict_json(header);
  if (!document || !document->is_object()) return std::nullopt;
  const auto id = document->find("id"), output = document->find("output");
  if (id == document->end() || output == document->end() || !id->is_number_unsigned()) return std::nullopt;
  if (*output != "stdout" && *output != "stderr") return std::nullopt;
  return OutputPlace{id->get<std::uint64_t>(), *output == "stderr"};
}

Result<Reply> parse_reply(std::string_view header, Blob body, EarlyStreams early) try {
  Result<json> document = parse_strict_json(header);
  if (!document) return internal_error("a reply that is no JSON: " + document.error().message());
  return read_reply(*document, Body{std::move(body)}, std::move(early));
} catch (const BadReply& wrong) {
  return internal_error("a reply that makes no sense: " + wrong.what);
} catch (const json::exception& error) {  // nothing above asks for a type it has not seen
  return internal_error(std::string("a reply that makes no sense: ") + error.what());
}

}  // namespace bailiff
