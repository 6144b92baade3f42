#include "spec/run_result_json.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "spec/json.h"

namespace bailiff {
namespace {

void write_figure(JsonWriter& out, const CpuFigure& cpu) {
  out.member("ns", cpu.total)
      .member("user_ns", cpu.user)
      .member("system_ns", cpu.system)
      .member("source", cpu.source)
      .member("resolution_ns", cpu.resolution)
      .member("includes", cpu.includes);
}

void write_figure(JsonWriter& out, const MemoryFigure& memory) {
  out.member("bytes", memory.peak)
      .member("source", memory.source)
      .member("resolution_bytes", memory.resolution)
      .member("includes", memory.includes);
}

void write_verdict(JsonWriter& out, const RunResult& run) {
  out.member("status", verdict_name(run.status))
      .text_or_null("reason", run.reason)
      .text_or_null("reason_detail", run.reason_detail)
      .member("exit_code", run.exit_code)
      .member("signal", run.signal)
      .member("killed_by", run.killed_by)
      .member("limits_exceeded", run.limits_exceeded);
  if (!run.violation) {
    out.member("violation", nullptr);
    return;
  }
  const Violation& refused = *run.violation;
  out.member("violation", [&] {
    out.member("name", refused.name)
        .member("nr", refused.nr)
        .member("arch", refused.arch)
        .member("args", refused.args)
        .member("tid", refused.tid);
  });
}

void write_measurements(JsonWriter& out, const RunResult& run) {
  out.member("cpu_time", [&] {
    write_figure(out, run.cpu_time.best);
    out.member("complete", run.cpu_time.complete);
    out.objects("others", run.cpu_time.others, [&](const CpuFigure& other) { write_figure(out, other); });
  });
  out.member("wall_time", [&] {
    out.member("ns", run.wall_time.total)
        .member("source", run.wall_time.source)
        .member("resolution_ns", run.wall_time.resolution);
  });
  out.member("peak_memory", [&] {
    write_figure(out, run.peak_memory.best);
    out.objects("others", run.peak_memory.others,
                [&](const MemoryFigure& other) { write_figure(out, other); });
  });
  if (const auto& stat = run.memory_breakdown) {
    out.member("memory_breakdown", [&] {
      out.member("anon", stat->anon)
          .member("file", stat->file)
          .member("shmem", stat->shmem)
          .member("kernel", stat->kernel);
    });
  } else {
    out.member("memory_breakdown", nullptr);
  }
  out.objects("processes", run.processes, [&](const ProcessRow& row) {
    out.member("pid", row.pid)
        .member("cpu_ns", row.cpu)
        .member("max_rss_bytes", row.max_rss)
        .member("exit_code", row.exit_code)
        .member("signal", row.signal);
  });
  out.member("processes_omitted", run.processes_omitted);
}

/// Writes the bytes of one stream or file after the other, or where in the body each is.
class PayloadWriter {
 public:
  PayloadWriter(JsonWriter& out, Payload payload) : out_(out), payload_(payload) {}

  void write(const Blob& blob) {
    if (payload_ == Payload::kInBody) {
      out_.member("body", std::array<std::uint64_t, 2>{offset_, blob.size()});
      offset_ += blob.size();
      return;
    }
    std::string room;
    const std::string_view bytes = blob.view(room);
    if (is_utf8(bytes)) {
      out_.utf8("text", bytes);
    } else {
      out_.base64("base64", bytes);
    }
  }

 private:
  JsonWriter& out_;
  Payload payload_;
  std::uint64_t offset_ = 0;
};

void write_output(JsonWriter& out, const RunResult& run, Payload payload) {
  PayloadWriter writer(out, payload);
  const auto write_stream = [&](std::string_view name, const Stream& stream) {
    out.member(name, [&] {
      writer.write(stream.kept);
      if (stream.early > 0) out.member("early", stream.early);
      out.member("bytes", stream.bytes).member("truncated", stream.truncated).member("sha256", stream.sha256);
    });
  };
  write_stream("stdout", run.stdout_stream);
  write_stream("stderr", run.stderr_stream);
  out.member("files", [&] {
    for (const auto& entry : run.files) {
      out.member(entry.first, [&, &file = entry.second] {
        if (file.error.empty()) {
          writer.write(file.bytes);
        } else {
          out.member("error", file.error);
        }
      });
    }
  });
}

void write_surroundings(JsonWriter& out, const RunResult& run) {
  out.member("residue", [&] { out.member("processes_killed", run.residue_processes_killed); });
  out.member("enforced", run.enforced);
  out.member("overhead", [&] {
    out.member("prepare_ns", run.overhead.prepare)
        .member("spawn_ns", run.overhead.spawn)
        .member("run_ns", run.overhead.run)
        .member("collect_ns", run.overhead.collect)
        .member("cleanup_ns", run.overhead.cleanup);
  });
  out.member("sandbox", [&] {
    out.member("runtime", run.sandbox.runtime)
        .member("namespaces", run.sandbox.namespaces)
        .member("seccomp", run.sandbox.seccomp);
  });
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

void write_members(JsonWriter& out, const RunResult& run, Payload payload) {
  write_verdict(out, run);
  write_measurements(out, run);
  write_output(out, run, payload);
  write_surroundings(out, run);
}

std::uint64_t payload_bytes(const RunResult& run) {
  std::uint64_t bytes = run.stdout_stream.kept.size() + run.stderr_stream.kept.size();
  for (const auto& [name, file] : run.files) bytes += file.error.empty() ? file.bytes.size() : 0;
  return bytes;
}

void write_members(JsonWriter& out, const Error& error) {
  out.member("error", [&] {
    out.member("kind", fault_name(error.fault))
        .text_or_null("key", error.key)
        .member("message", error.message());
  });
}

std::string to_json(const RunResult& result) {
  JsonWriter out(expected_size(result));
  out.put([&] { write_members(out, result, Payload::kInLine); });
  return std::move(out).take();
}

std::string to_json(const Error& error) {
  JsonWriter out(512);
  out.put([&] { write_members(out, error); });
  return std::move(out).take();
}

}  // namespace bailiff
