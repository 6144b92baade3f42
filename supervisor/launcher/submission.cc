#include "launcher/submission.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "spec/json_writer.h"
#include "spec/run_result_json.h"

namespace bailiff {
namespace {

constexpr const char* kBox = "submission";
constexpr Nanos kOpenTakes = 60s;  // 1 GiB of files under gVisor

void cut(Stream& stream) {
  if (stream.kept.size() <= kMaxDiagnostics) return;
  std::string text = stream.kept.text().substr(0, kMaxDiagnostics);
  // Not in the middle of a character.
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
  if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.pop_back();
  stream.kept = std::move(text);
  stream.truncated = true;
}

/// Compiles; on success `files` are what the language's program consists of.
Result<RunResult> compile(const SubmitSpec& submission, const MakeRunner& make_runner, Nanos patience,
                          int cancel_fd, Retirement& retired, std::map<std::string, InputFile>& files) {
  const Language& language = submission.language;
  const RunSpec spec = fill_in(language.compile->spec);
  Runner runner = TRY(make_runner(language.compile_image, spec.limits));
  TRY(runner.open(kBox, submission.files, spec.limits, spec.given, deadline_in(kOpenTakes, cancel_fd)));
  RunResult run = TRY(runner.run(kBox, spec, std::string(), patience, cancel_fd));
  retired.take(std::move(runner));
  files.clear();
  for (const auto& [name, mode] : language.compile->produces) {
    const auto produced = run.files.find(name);
    if (produced == run.files.end() || !produced->second.error.empty()) continue;
    files[name] = {.content = {.bytes = produced->second.bytes.text()}, .mode = mode};
  }
  run.files.clear();  // they go on as files; a result that carried them too would be their size
  cut(run.stdout_stream);
  cut(run.stderr_stream);
  return run;
}

std::string figure(double value, const char* unit) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1f %s", value, unit);
  return text.data();
}

std::string row(const std::string& name, const RunResult& run) {
  const CpuFigure* cpu = &run.cpu_time.best;
  std::string how = run.reason.empty() ? "" : run.reason;
  if (run.reason == "exit" && run.exit_code) how = "exit code " + std::to_string(*run.exit_code);
  if (run.reason == "signal" && run.signal) how = "signal " + std::to_string(*run.signal);
  if (!run.reason_detail.empty()) how += ": " + run.reason_detail;
  std::string host;
  for (const CpuFigure& other : run.cpu_time.others) {
    if (other.source == "slot") host = figure(static_cast<double>(other.total.count()) / 1e6, "ms");
  }
  std::array<char, 256> text;
  std::snprintf(text.data(), text.size(), "%-16s %-5s %12s %12s %12s %12s  ", name.c_str(),
                std::string(verdict_name(run.status)).c_str(),
                figure(static_cast<double>(cpu->total.count()) / 1e6, "ms").c_str(),
                host.empty() ? "-" : host.c_str(),
                figure(static_cast<double>(run.wall_time.total.count()) / 1e6, "ms").c_str(),
                figure(static_cast<double>(run.peak_memory.best.peak.count) / (1 << 20), "MiB").c_str());
  return text.data() + how + "\n";
}

}  // namespace

void Retirement::take(Runner runner) {
  ends_.push_back(std::async(std::launch::async, [old = std::move(runner)] {}));
}

Result<SubmitResult> submit(const SubmitSpec& spec, const MakeRunner& make_runner, Nanos patience,
                            int cancel_fd, Retirement& retired) {
  SubmitResult result;
  std::map<std::string, InputFile> program = spec.files;
  if (spec.language.compile) {
    result.compile = TRY(compile(spec, make_runner, patience, cancel_fd, retired, program));
    if (result.compile->status != Verdict::kOk) {
      result.status = result.compile->status == Verdict::kInternalError ? "IE" : "CE";
      return result;
    }
  }
  const RunSpec run = fill_in(spec.language.run);
  Runner runner = TRY(make_runner(spec.language.run_image, run.limits));
  TRY(runner.open(kBox, program, run.limits, run.given, deadline_in(kOpenTakes, cancel_fd)));
  for (const SubmitTest& test : spec.tests) {
    RunResult one = TRY(runner.run(kBox, run, test.input, patience, cancel_fd));
    const bool passed = one.status == Verdict::kOk;
    if (!passed && (result.status == "OK" || one.status == Verdict::kInternalError)) {
      result.status = verdict_name(one.status);
    }
    result.tests.push_back({test.name, std::move(one)});
    if (!passed && spec.stop_on_first_failure) break;
    if (!runner.lost()) continue;
    // One test took the whole container with it, its memory for instance; the others get a new one.
    if (&test == &spec.tests.back()) break;
    retired.take(std::move(runner));
    runner = TRY(make_runner(spec.language.run_image, run.limits));
    TRY(runner.open(kBox, program, run.limits, run.given, deadline_in(kOpenTakes, cancel_fd)));
  }
  retired.take(std::move(runner));
  return result;
}

std::string to_json(const SubmitResult& result) {
  std::size_t payload = 8192;
  for (const TestResult& test : result.tests) payload += payload_bytes(test.run) + 4096;
  JsonWriter out(payload);
  out.put([&] {
    out.member("status", result.status);
    if (result.compile) {
      out.member("compile", [&] { write_members(out, *result.compile, Payload::kInLine); });
    } else {
      out.member("compile", nullptr);
    }
    out.objects("tests", result.tests, [&](const TestResult& test) {
      out.member("name", test.name);
      write_members(out, test.run, Payload::kInLine);
    });
  });
  return std::move(out).take();
}

std::string to_text(const SubmitResult& result) {
  std::array<char, 160> head;
  std::snprintf(head.data(), head.size(), "%-16s %-5s %12s %12s %12s %12s\n", "", "", "CPU", "CPU, host",
                "wall", "memory");
  std::string text = head.data();
  if (result.compile) text += row("compile", *result.compile);
  for (const TestResult& test : result.tests) text += row(test.name, test.run);
  if (result.compile && result.compile->status != Verdict::kOk) {
    text += "\n" + result.compile->stderr_stream.kept.text() + result.compile->stdout_stream.kept.text();
    if (text.back() != '\n') text += '\n';
  }
  return text + "verdict: " + result.status + "\n";
}

}  // namespace bailiff
