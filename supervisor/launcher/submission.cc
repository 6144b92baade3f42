#include "launcher/submission.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <utility>

#include "spec/json.h"
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

/// What a submission comes to with this language.
struct Plan {
  std::optional<RunSpec> compile = {};
  std::vector<RunSpec> runs = {};  // one for each test
};

Result<Plan> make_plan(const SubmitSpec& spec, const std::map<std::string, InputFile>& files,
                       const Language& language) {
  std::vector<std::string> names;
  names.reserve(files.size());
  for (const auto& [name, file] : files) names.push_back(name);
  const std::vector<std::string> sources = TRY(choose_sources(language, names));
  Plan plan;
  if (language.compile) {
    RunSpec compile = language.compile->spec;
    give_limits(compile, spec.compile_limits);
    plan.compile = fill_in(std::move(compile), sources);
  } else if (!spec.compile_limits.empty()) {
    return request_error("compile.limits." + spec.compile_limits.begin()->first,
                         language.name + " is not compiled: there is nothing it would hold for");
  }
  for (const SubmitTest& test : spec.tests) {
    RunSpec run = language.run;
    give_limits(run, test.limits);
    run.collect = test.collect;
    plan.runs.push_back(fill_in(std::move(run), {}));
  }
  return plan;
}

/// What a container has to have room for: the most that any of the runs may take.
Limits most_of(const std::vector<RunSpec>& runs) {
  Limits most = runs.front().limits;
  for (const RunSpec& run : runs) {
    most.memory = most.memory && run.limits.memory ? std::max(most.memory, run.limits.memory) : std::nullopt;
    most.disk = std::max(most.disk, run.limits.disk);
    most.output = std::max(most.output, run.limits.output);
  }
  return most;
}

Nanos time_for(const std::vector<RunSpec>& runs, Nanos patience) {
  Nanos together{};
  for (const RunSpec& run : runs) together += run.limits.wall_time + patience;
  return together;
}

/// The same, with its key as a SubmitSpec has it.
Error of_step(Error error, const std::string& step) {
  if (error.fault != Fault::kRequest) return error;
  // The names have been checked: files and arguments can only be too many, or too large.
  if (error.key.starts_with("files[")) error.key = "limits.disk_bytes";
  // enforce.cc names these as `enforced` does, and advises accept_missing, which a SubmitSpec does not have.
  if (error.key == "disk_bytes" || error.key == "disk_inodes" || error.key == "processes") {
    const char* advice = error.key == "disk_inodes" ? "; leave it out to run without" : "";
    error = request_error("limits." + error.key, std::string("nothing here can enforce this") + advice);
  }
  error.key = error.key == "argv" ? "files" : step + "." + error.key;
  return error;
}

bool want_the_same_disk(const RunSpec& a, const RunSpec& b) {
  return a.limits.disk == b.limits.disk && a.limits.disk_inodes == b.limits.disk_inodes &&
         a.given.contains("disk_inodes") == b.given.contains("disk_inodes");
}

Result<void> open_box(Runner& runner, const std::map<std::string, InputFile>& files, const RunSpec& run,
                      const std::string& step, int cancel_fd) {
  Result<void> opened = runner.open(kBox, files, run.limits, run.given, deadline_in(kOpenTakes, cancel_fd));
  if (!opened) return of_step(std::move(opened).error(), step);
  return {};
}

Result<RunResult> run_in_box(Runner& runner, const RunSpec& run, const std::string& input,
                             const std::string& step, Nanos patience, int cancel_fd) {
  Result<RunResult> result = runner.run(kBox, run, input, patience, cancel_fd);
  if (!result) return of_step(std::move(result).error(), step);
  return result;
}

/// Compiles; on success `files` are what the language's program consists of.
Result<RunResult> compile(const Language& language, const RunSpec& spec, const MakeRunner& make_runner,
                          Nanos patience, int cancel_fd, Retirement& retired,
                          std::map<std::string, InputFile>& files) {
  Runner runner = TRY(make_runner(language.compile_image, spec.limits, spec.limits.wall_time + patience));
  TRY(open_box(runner, files, spec, "compile", cancel_fd));
  RunResult run = TRY(run_in_box(runner, spec, std::string(), "compile", patience, cancel_fd));
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

Result<SubmitResult> submit(SubmitSpec spec, const Language& language, const MakeRunner& make_runner,
                            Nanos patience, int cancel_fd, Retirement& retired) {
  std::map<std::string, InputFile> program = std::move(spec.files);
  if (program.size() == 1 && !program.contains(language.source)) {
    auto only = program.extract(program.begin());
    only.key() = language.source;
    program.insert(std::move(only));
  }
  const Plan plan = TRY(make_plan(spec, program, language));
  SubmitResult result;
  if (plan.compile) {
    result.compile =
        TRY(compile(language, *plan.compile, make_runner, patience, cancel_fd, retired, program));
    if (result.compile->status != Verdict::kOk) {
      result.status = result.compile->status == Verdict::kInternalError ? "IE" : "CE";
      return result;
    }
  }
  std::optional<Runner> runner;
  const RunSpec* opened = nullptr;  // the run that the box was opened for
  for (std::size_t at = 0; at < plan.runs.size(); ++at) {
    const RunSpec& run = plan.runs[at];
    const std::string step = "tests[" + std::to_string(at) + "]";
    if (opened != nullptr && !want_the_same_disk(*opened, run)) {
      opened = nullptr;
      Result<void> closed = runner->close(kBox, deadline_in(kOpenTakes, cancel_fd));
      if (!closed && !runner->lost()) return std::move(closed).error();
    }
    // One test took the whole container with it, its memory for instance; the others get a new one.
    if (runner && runner->lost()) {
      retired.take(*std::exchange(runner, std::nullopt));
      opened = nullptr;
    }
    if (!runner) {
      runner = TRY(make_runner(language.run_image, most_of(plan.runs), time_for(plan.runs, patience)));
    }
    if (opened == nullptr) {
      TRY(open_box(*runner, program, run, step, cancel_fd));
      opened = &run;
    }
    const SubmitTest& test = spec.tests[at];
    RunResult one = TRY(run_in_box(*runner, run, test.stdin_content.bytes, step, patience, cancel_fd));
    const bool passed = one.status == Verdict::kOk;
    if (!passed && (result.status == "OK" || one.status == Verdict::kInternalError)) {
      result.status = verdict_name(one.status);
    }
    result.tests.push_back({test.name, std::move(one)});
    if (!passed && spec.stop_on_first_failure) break;
  }
  if (runner) retired.take(*std::move(runner));
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
