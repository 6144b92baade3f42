#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spec/json_writer.h"
#include "spec/serve_peer.h"

namespace bailiff {
namespace {

using Amount = std::optional<std::uint64_t>;

std::uint64_t millis(Nanos time) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}
Amount millis(const std::optional<Nanos>& time) { return time ? Amount{millis(*time)} : std::nullopt; }
Amount count(const std::optional<Bytes>& bytes) { return bytes ? Amount{bytes->count} : std::nullopt; }

struct LimitKey {
  const char* key;
  Amount (*amount)(const Limits& limits);  // empty: unlimited
};

// Those of a run; disk_bytes and disk_inodes are the box's.
constexpr LimitKey kRunLimits[] = {
    {"cpu_time_ms", [](const Limits& l) { return millis(l.cpu_time); }},
    {"wall_time_ms", [](const Limits& l) { return Amount{millis(l.wall_time)}; }},
    {"memory_bytes", [](const Limits& l) { return count(l.memory); }},
    {"stack_bytes", [](const Limits& l) { return count(l.stack); }},
    {"output_bytes", [](const Limits& l) { return Amount{l.output.count}; }},
    {"file_size_bytes", [](const Limits& l) { return count(l.file_size); }},
    {"processes", [](const Limits& l) { return Amount{l.processes}; }},
    {"open_files", [](const Limits& l) { return Amount{l.open_files}; }},
    {"address_space_bytes", [](const Limits& l) { return count(l.address_space); }},
    {"data_bytes", [](const Limits& l) { return count(l.data_segment); }},
};

std::string octal(unsigned mode) {
  std::string digits = "0";
  for (int shift = 6; shift >= 0; shift -= 3) digits += static_cast<char>('0' + ((mode >> shift) & 7U));
  return digits;
}

void write_spec(JsonWriter& out, const RunSpec& spec) {
  out.member("argv", spec.argv).member("env", spec.env).member("workdir", spec.workdir);
  if (!spec.collect.empty()) out.member("collect", spec.collect);
  out.member("limits", [&] {
    for (const LimitKey& limit : kRunLimits) {
      if (spec.given.contains(limit.key)) out.member(limit.key, limit.amount(spec.limits));
    }
  });
  out.member("seccomp", spec.seccomp);
  if (!spec.require.empty()) out.member("require", spec.require);
  if (!spec.accept_missing.empty()) {
    out.member("accept_missing",
               std::vector<std::string>(spec.accept_missing.begin(), spec.accept_missing.end()));
  }
}

}  // namespace

std::string open_request(const OpenRequest& request) {
  JsonWriter out(256 + request.files.size() * 64);
  out.put([&] {
    out.member("op", "open").member("id", request.id).member("box", request.box);
    out.member("limits", [&] {
      out.member("disk_bytes", request.disk);
      if (request.disk_inodes_given) out.member("disk_inodes", request.disk_inodes);
    });
    out.objects("files", request.files, [&](const FileSlice& file) {
      out.member("name", file.name).member("mode", octal(file.mode));
      if (file.path.empty()) {
        out.member("bytes", file.bytes);
      } else {
        out.member("path", file.path);
      }
    });
  });
  return std::move(out).take();
}

std::string run_request(const RunRequest& request) {
  JsonWriter out(1024);
  out.put([&] {
    out.member("op", "run").member("id", request.id).member("box", request.box);
    out.member("spec", [&] { write_spec(out, request.spec); });
    if (!request.stdin_path.empty()) {
      out.member("stdin", [&] { out.member("path", request.stdin_path); });
    } else if (request.stdin_bytes > 0) {
      out.member("stdin", [&] { out.member("bytes", request.stdin_bytes); });
    }
    if (request.early_output) out.member("early_output", true);
  });
  return std::move(out).take();
}

std::string close_request(std::uint64_t id, std::string_view box) {
  JsonWriter out(128);
  out.put([&] { out.member("op", "close").member("id", id).member("box", box); });
  return std::move(out).take();
}

}  // namespace bailiff
