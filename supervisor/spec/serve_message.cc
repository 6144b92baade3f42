#include "spec/serve_message.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "spec/frame.h"
#include "spec/json.h"
#include "spec/json_members.h"
#include "spec/json_writer.h"
#include "spec/run_result_json.h"
#include "spec/run_spec_json.h"
#include "spec/strict_json.h"

namespace bailiff {
namespace {

using nlohmann::json;

// What all requests have

constexpr std::uint64_t kMaxId = std::uint64_t{1} << 53;  // a double still counts to it
constexpr std::size_t kMaxBoxName = 64;

/// `op` and `id` are looked at before everything else.
template <typename Target>
Result<void> already_read(json& /*value*/, const std::string& /*key*/, Target& /*target*/) {
  return {};
}

Result<std::string> take_box(json& value, const std::string& key) {
  const auto allowed = [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  const auto* name = value.get_ptr<const json::string_t*>();
  if (name == nullptr || name->empty() || name->size() > kMaxBoxName ||
      !std::all_of(name->begin(), name->end(), allowed)) {
    return refuse(key, "must be the name of a box: 1 to 64 of A-Z a-z 0-9 _ . -");
  }
  return *name;
}

template <typename Target>
Result<void> read_box(json& value, const std::string& key, Target& request) {
  request.box = TRY(take_box(value, key));
  return {};
}

Result<void> need(const json& object, const char* key, const char* what) {
  if (object.contains(key)) return {};
  return refuse(key, std::string("is missing; must be ") + what);
}
constexpr const char* kBoxIs = "the name of a box";

// Bytes: a part of the body, or a file below --files-root

Result<std::uint64_t> take_size(const json& value, const std::string& key) {
  return take_integer(value, key, 0, kMaxFrameBody);
}

Result<std::string> take_relative_path(json& value, const std::string& key) {
  std::string path = TRY(take_host_path(value, key));
  if (path.front() == '/') return refuse(key, "must be relative: it is looked up beneath --files-root");
  return path;
}

Result<void> check_one_source(const json& object, const std::string& key) {
  if (object.count("bytes") + object.count("path") == 1) return {};
  return refuse(key, "must have exactly one of bytes, path");
}

Result<void> check_body(std::uint64_t has, std::uint64_t needs) {
  if (has == needs) return {};
  return refuse("body",
                "is " + std::to_string(has) + " bytes; the request accounts for " + std::to_string(needs));
}

// open

constexpr Member<FileSlice> kFile[] = {
    {"name",
     [](json& value, const std::string& key, FileSlice& file) -> Result<void> {
       file.name = TRY(take_string(value, key));
       return check_box_name(file.name, key);
     }},
    {"bytes",
     [](json& value, const std::string& key, FileSlice& file) -> Result<void> {
       file.bytes = TRY(take_size(value, key));
       return {};
     }},
    {"path",
     [](json& value, const std::string& key, FileSlice& file) -> Result<void> {
       file.path = TRY(take_relative_path(value, key));
       return {};
     }},
    {"mode",
     [](json& value, const std::string& key, FileSlice& file) -> Result<void> {
       file.mode = TRY(read_mode(value, key));
       return {};
     }},
};

Result<void> read_file(json& value, const std::string& key, FileSlice& file) {
  TRY(read_members<FileSlice>(value, key, kFile, file));
  if (file.name.empty()) return refuse(member_key(key, "name"), "is missing; must be a path below /box");
  return check_one_source(value, key);
}

Result<void> check_names(const std::vector<FileSlice>& files, const std::string& key) {
  std::vector<std::string_view> names;
  names.reserve(files.size());
  for (const FileSlice& file : files) names.push_back(file.name);
  const auto clash = find_name_clash(names);
  if (!clash) return {};
  const bool same = names[clash->file] == names[clash->other];
  const std::string upper = element_key(key, clash->file);
  return refuse(member_key(element_key(key, clash->other), "name"),
                same ? "is that of " + upper : "is below " + upper + ", which is a file");
}

Result<void> read_files(json& array, const std::string& key, OpenRequest& request) {
  if (!array.is_array()) return refuse(key, "must be an array of files");
  for (json& value : array) {
    const std::string element = element_key(key, request.files.size());
    TRY(read_file(value, element, request.files.emplace_back()));
  }
  return check_names(request.files, key);
}

constexpr Member<Limits> kBoxLimits[] = {
    {"disk_bytes", [](json& value, const std::string& key,
                      Limits& limits) { return read_limit(value, key, "disk_bytes", limits); }},
    {"disk_inodes", [](json& value, const std::string& key,
                       Limits& limits) { return read_limit(value, key, "disk_inodes", limits); }},
};

Result<void> read_box_limits(json& object, const std::string& key, OpenRequest& request) {
  Limits limits = {.disk = request.disk};
  limits.disk_inodes = request.disk_inodes;
  TRY(read_members<Limits>(object, key, kBoxLimits, limits));
  request.disk = limits.disk;
  request.disk_inodes = limits.disk_inodes;
  request.disk_inodes_given = object.contains("disk_inodes");
  return {};
}

constexpr Member<OpenRequest> kOpen[] = {
    {"op", already_read},        {"id", already_read},  {"box", read_box},
    {"limits", read_box_limits}, {"files", read_files},
};

Result<Request> read_open(json& object, std::uint64_t id, std::uint64_t body_bytes) {
  OpenRequest request = {.id = id};
  TRY(read_members<OpenRequest>(object, "", kOpen, request));
  TRY(need(object, "box", kBoxIs));
  std::uint64_t needs = 0;  // no overflow: each is at most kMaxFrameBody, and kMaxJsonValues bounds how many
  for (const FileSlice& file : request.files) needs += file.bytes;
  TRY(check_body(body_bytes, needs));
  return Request(std::move(request));
}

// run

/// What a RunSpec has and this one must not: it was given when the box was opened, or stands beside it.
Result<void> check_left_to_the_box(const json& spec, const std::string& key) {
  if (spec.contains("files")) return refuse(member_key(key, "files"), "belongs to the box: give it to open");
  if (spec.contains("stdin")) return refuse(member_key(key, "stdin"), "belongs beside spec, not into it");
  const auto limits = spec.find("limits");
  if (limits == spec.end()) return {};
  for (const Member<Limits>& row : kBoxLimits) {
    if (!limits->contains(row.key)) continue;
    return refuse(member_key(member_key(key, "limits"), row.key),
                  "belongs to the box: give it to open, in limits");
  }
  return {};
}

/// A reply repeats the names, so they must leave room in its header.
Result<void> check_names_fit_a_reply(const RunSpec& spec, const std::string& key) {
  constexpr std::size_t kMost =
      kMaxFrameHeader / 2;  // 1000 names of 4095 bytes that need no escapes, and more
  JsonWriter names(0);
  names.put(spec.collect);
  if (std::move(names).take().size() <= kMost) return {};
  return refuse(member_key(key, "collect"), "must be at most " + std::to_string(kMost) + " bytes of JSON");
}

Result<void> read_spec(json& value, const std::string& key, RunRequest& request) {
  TRY(check_left_to_the_box(value, key));
  request.spec = TRY(read_run_spec(value, key));
  return check_names_fit_a_reply(request.spec, key);
}

constexpr Member<RunRequest> kStdin[] = {
    {"bytes",
     [](json& value, const std::string& key, RunRequest& request) -> Result<void> {
       request.stdin_bytes = TRY(take_size(value, key));
       return {};
     }},
    {"path",
     [](json& value, const std::string& key, RunRequest& request) -> Result<void> {
       request.stdin_path = TRY(take_relative_path(value, key));
       return {};
     }},
};

Result<void> read_stdin(json& object, const std::string& key, RunRequest& request) {
  TRY(read_members<RunRequest>(object, key, kStdin, request));
  return check_one_source(object, key);
}

Result<void> read_early_output(json& value, const std::string& key, RunRequest& request) {
  const auto* early = value.get_ptr<const json::boolean_t*>();
  if (early == nullptr) return refuse(key, "must be true or false");
  request.early_output = *early;
  return {};
}

constexpr Member<RunRequest> kRun[] = {
    {"op", already_read},  {"id", already_read},  {"box", read_box},
    {"spec", read_spec},   {"stdin", read_stdin}, {"early_output", read_early_output},
};

Result<Request> read_run(json& object, std::uint64_t id, std::uint64_t body_bytes) {
  RunRequest request = {.id = id};
  TRY(read_members<RunRequest>(object, "", kRun, request));
  TRY(need(object, "box", kBoxIs));
  TRY(need(object, "spec", "a RunSpec"));
  TRY(check_body(body_bytes, request.stdin_bytes));
  return Request(std::move(request));
}

// cancel, close, bye

constexpr Member<CancelRequest> kCancel[] = {
    {"op", already_read},
    {"id", already_read},
    {"run",
     [](json& value, const std::string& key, CancelRequest& request) -> Result<void> {
       request.run = TRY(take_integer(value, key, 1, kMaxId));
       return {};
     }},
};

Result<Request> read_cancel(json& object, std::uint64_t id, std::uint64_t body_bytes) {
  CancelRequest request = {.id = id};
  TRY(read_members<CancelRequest>(object, "", kCancel, request));
  TRY(need(object, "run", "the id of a run"));
  TRY(check_body(body_bytes, 0));
  return Request(request);
}

constexpr Member<CloseRequest> kClose[] = {{"op", already_read}, {"id", already_read}, {"box", read_box}};

Result<Request> read_close(json& object, std::uint64_t id, std::uint64_t body_bytes) {
  CloseRequest request = {.id = id};
  TRY(read_members<CloseRequest>(object, "", kClose, request));
  TRY(need(object, "box", kBoxIs));
  TRY(check_body(body_bytes, 0));
  return Request(std::move(request));
}

constexpr Member<ByeRequest> kBye[] = {{"op", already_read}, {"id", already_read}};

Result<Request> read_bye(json& object, std::uint64_t id, std::uint64_t body_bytes) {
  ByeRequest request = {.id = id};
  TRY(read_members<ByeRequest>(object, "", kBye, request));
  TRY(check_body(body_bytes, 0));
  return Request(request);
}

struct Operation {
  std::string_view key;
  Result<Request> (*read)(json& object, std::uint64_t id, std::uint64_t body_bytes);
};
constexpr Operation kOperations[] = {
    {"open", read_open}, {"run", read_run}, {"cancel", read_cancel}, {"close", read_close}, {"bye", read_bye},
};

const Operation* find_operation(const json& object) {
  const auto op = object.find("op");
  const auto* name = op == object.end() ? nullptr : op->get_ptr<const json::string_t*>();
  return name == nullptr ? nullptr : find_row(std::span<const Operation>(kOperations), *name);
}

/// Looks for the id of a request that is not a good document, so that its refusal can name it. The first
/// counts.
class IdFinder final : public json::json_sax_t {
 public:
  [[nodiscard]] std::uint64_t id() const { return id_; }

  bool number_unsigned(std::uint64_t value) override {
    if (at_id_ && 1 <= value && value <= kMaxId) id_ = value;
    return go_on();
  }
  bool key(std::string& name) override {
    at_id_ = depth_ == 1 && name == "id";
    return true;
  }
  bool start_object(std::size_t /*unknown*/) override { return enter(); }
  bool start_array(std::size_t /*unknown*/) override { return depth_ > 0 && enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }

  bool null() override { return go_on(); }
  bool boolean(bool /*value*/) override { return go_on(); }
  bool number_integer(std::int64_t /*value*/) override { return go_on(); }
  bool number_float(double /*value*/, const std::string& /*text*/) override { return go_on(); }
  bool string(std::string& /*value*/) override { return go_on(); }
  bool binary(json::binary_t& /*value*/) override { return go_on(); }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const json::exception& /*error*/) override {
    return false;
  }

 private:
  bool go_on() { return !std::exchange(at_id_, false); }
  bool enter() {
    ++depth_;
    return go_on();
  }
  bool leave() {
    --depth_;
    return true;
  }

  std::size_t depth_ = 0;
  bool at_id_ = false;
  std::uint64_t id_ = 0;
};

std::uint64_t find_id(std::string_view header) {
  IdFinder finder;
  (void)json::sax_parse(header.begin(), header.end(), &finder);  // that it is broken is known
  return finder.id();
}

}  // namespace

Result<Request> parse_request(std::string_view header, std::uint64_t body_bytes, std::uint64_t* id) try {
  *id = 0;
  Result<json> document = parse_strict_json(header);
  if (!document) {
    *id = find_id(header);
    return std::move(document).error();
  }
  if (!document->is_object()) return refuse("", "must be an object");
  TRY(need(*document, "id", "an integer"));
  *id = TRY(take_integer((*document)["id"], "id", 1, kMaxId));
  const Operation* operation = find_operation(*document);
  if (operation == nullptr) return refuse("op", "must be one of open, run, cancel, close, bye");
  return operation->read(*document, *id, body_bytes);
} catch (const json::exception& error) {  // nothing above asks for a type it has not seen
  return refuse("", error.what());
}

namespace {

/// {"id":…,"<what>":{…}}
template <typename Members>
std::string reply(std::uint64_t id, std::string_view what, Members members) {
  JsonWriter out(256);
  out.put([&] {
    out.member("id", id);
    out.member(what, [&] { members(out); });
  });
  return std::move(out).take();
}

}  // namespace

std::string hello_message(std::string_view version, std::string_view runtime) {
  JsonWriter out(128);
  out.put([&] {
    out.member("hello",
               [&] {
                 out.member("protocol", 1).member("version", version).member("runtime", runtime);
                 out.member("early_output", true);
               });
  });
  return std::move(out).take();
}

std::string opened_message(std::uint64_t id, std::string_view box, Nanos took) {
  return reply(id, "opened", [&](JsonWriter& out) { out.member("box", box).member("took_ns", took); });
}

std::string closed_message(std::uint64_t id, std::string_view box) {
  return reply(id, "closed", [&](JsonWriter& out) { out.member("box", box); });
}

std::string cancelled_message(std::uint64_t id, std::uint64_t run, bool was_running) {
  return reply(id, "cancelled",
               [&](JsonWriter& out) { out.member("run", run).member("was_running", was_running); });
}

std::string bye_message(std::uint64_t id) {
  return reply(id, "bye", [](JsonWriter& /*out*/) {});
}

std::string error_message(std::uint64_t id, const Error& error) {
  JsonWriter out(512);
  out.put([&] {
    out.member("id", id == 0 ? std::nullopt : std::optional(id));
    write_members(out, error);
  });
  return std::move(out).take();
}

std::string output_message(std::uint64_t id, std::string_view stream) {
  JsonWriter out(64);
  out.put([&] { out.member("id", id).member("output", stream); });
  return std::move(out).take();
}

std::string result_message(std::uint64_t id, const RunResult& result) {
  std::size_t names = 0;
  for (const auto& [name, file] : result.files) names += name.size() + 32;
  JsonWriter out(4096 + names);
  out.put([&] {
    out.member("id", id);
    out.member("result", [&] { write_members(out, result, Payload::kInBody); });
  });
  return std::move(out).take();
}

std::uint64_t result_body_bytes(const RunResult& result) { return payload_bytes(result); }

}  // namespace bailiff
