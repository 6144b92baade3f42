// Each language's hello.*, and the programs that tests/profiles has for it, are compiled in a box of its compile image
// and run in a box of its run image, under the filter that its language.json names, by the real supervisor over its
// frames, under runsc and under runc. Needs images/build LANG and Docker ($DOCKER_HOST).

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "spec/language.h"
#include "tests/support/frame_client.h"

namespace bailiff::test {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const fs::path kImages = BAILIFF_IMAGES;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> all_languages() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kImages)) {
    if (fs::exists(entry.path() / "language.json")) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// A container as the launcher starts them: docs/operations.md says what each capability is for.
std::vector<std::string> container(const std::string& runtime, const std::string& image) {
  std::vector<std::string> command = {"/usr/bin/env", "docker",     "run",       "--rm", "--interactive",
                                      "--runtime",    runtime,      "--network", "none", "--read-only",
                                      "--tmpfs",      "/run",       "--tmpfs",   "/tmp", "--log-driver",
                                      "none",         "--cap-drop", "ALL"};
  std::vector<std::string> capabilities = {"SYS_ADMIN", "SETUID", "SETGID", "SETPCAP",
                                           "KILL",      "CHOWN",  "FOWNER", "DAC_OVERRIDE"};
  if (runtime == "runc") {
    capabilities.insert(capabilities.end(), {"MKNOD", "SYS_PTRACE"});
    // Docker's own filter forbids pivot_root(2) whatever the capabilities; gVisor does not load it.
    command.insert(command.end(), {"--security-opt", "seccomp=unconfined"});
  }
  for (const std::string& capability : capabilities) command.insert(command.end(), {"--cap-add", capability});
  command.push_back(image);
  return command;
}

struct File {
  std::string bytes;
  unsigned mode = 0644;
};

json limits_json(const Limits& limits) {
  const auto ms = [](Nanos time) { return time / 1ms; };
  json object = {{"wall_time_ms", ms(limits.wall_time)}, {"processes", limits.processes}};
  object["cpu_time_ms"] = limits.cpu_time ? json(ms(*limits.cpu_time)) : json();
  object["memory_bytes"] = limits.memory ? json(limits.memory->count) : json();
  return object;
}

/// One run in a fresh container; its result, with the collected files in `collected`.
json run_in(const std::vector<std::string>& command, const std::map<std::string, File>& files,
            const RunSpec& spec, const std::string& input,
            std::map<std::string, std::string>* collected = nullptr) {
  FrameClient client(command, std::chrono::minutes(3));
  const auto hello = client.receive();
  if (!hello || !hello->json().contains("hello")) return {{"error", "the supervisor does not speak"}};

  std::string body;
  json entries = json::array();
  for (const auto& [name, file] : files) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", file.mode);
    entries.push_back({{"name", name}, {"bytes", file.bytes.size()}, {"mode", mode}});
    body += file.bytes;
  }
  const json opened = client.call({{"op", "open"}, {"box", "b"}, {"files", entries}}, body).json();
  if (!opened.contains("opened")) return opened;

  const json run_spec = {{"argv", spec.argv},
                         {"env", spec.env},
                         {"limits", limits_json(spec.limits)},
                         {"seccomp", spec.seccomp},
                         {"collect", spec.collect}};
  json request = {{"op", "run"}, {"box", "b"}, {"spec", run_spec}};
  if (!input.empty()) request["stdin"] = {{"bytes", input.size()}};
  const Frame reply = client.call(request, input);
  json answer = reply.json();
  if (!answer.contains("result")) return answer;
  json& result = answer["result"];
  for (const char* stream : {"stdout", "stderr"})
    result[stream]["data"] = std::string(reply.bytes(result[stream]));
  if (collected != nullptr) {
    for (const auto& [name, file] : result["files"].items()) {
      if (file.contains("body")) (*collected)[name] = reply.bytes(file);
    }
  }
  client.call({{"op", "bye"}});
  EXPECT_EQ(client.finish(), 0);
  return result;
}

/// What stands in the result but is too long, or not text, is of no use in a message.
std::string shown(const json& result) { return result.dump(1, ' ', false, json::error_handler_t::replace); }

/// Compiles `source` where the language is compiled, and runs it on `input`; checks that both were as its definition
/// says.
json compiled_and_run(const Language& language, const std::string& runtime, const std::string& source,
                      const std::string& input) {
  std::map<std::string, File> files = {{language.source, {source}}};
  const auto under = [](const json& result, const RunSpec& spec) {
    const std::string filter = result.value("sandbox", json::object()).value("seccomp", "");
    EXPECT_TRUE(filter.starts_with(spec.seccomp + "@")) << filter << ", not " << spec.seccomp;
  };
  if (language.compile) {
    std::map<std::string, std::string> produced;
    const json result = run_in(container(runtime, language.compile_image), files,
                               fill_in(language.compile->spec, {language.source}), "", &produced);
    EXPECT_EQ(result.value("status", ""), "OK") << shown(result);
    under(result, language.compile->spec);
    files.clear();
    for (const auto& [name, mode] : language.compile->produces) {
      EXPECT_TRUE(produced.contains(name)) << shown(result);
      files[name] = {produced[name], mode};
    }
  }
  json result = run_in(container(runtime, language.run_image), files, fill_in(language.run, {}), input);
  EXPECT_EQ(result.value("status", ""), "OK") << shown(result);
  under(result, language.run);
  return result;
}

std::string output_of(const json& result) {
  return result.value("stdout", json::object()).value("data", "");
}

class Hello : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Hello, IsCompiledAndGreets) {
  const auto& [id, runtime] = GetParam();
  const fs::path folder = kImages / id;
  const Result<Language> language = parse_language(read_file(folder / "language.json"));
  ASSERT_TRUE(language) << language.error().key << ": " << language.error().message();
  EXPECT_EQ(language->id, id);

  std::vector<std::string> sources;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().stem() == "hello") sources.push_back(read_file(entry.path()));
  }
  ASSERT_EQ(sources.size(), 1U) << "no hello.*";
  const json result = compiled_and_run(*language, runtime, sources[0], "bailiff\n");
  EXPECT_EQ(output_of(result), "Hello, bailiff!\n") << shown(result);
  EXPECT_EQ(result.value("sandbox", json::object()).value("runtime", ""),
            runtime == "runsc" ? "runsc" : "native");
}

TEST_P(Hello, SaysItsVersion) {
  const auto& [id, runtime] = GetParam();
  const Result<Language> language = parse_language(read_file(kImages / id / "language.json"));
  ASSERT_TRUE(language) << language.error().key << ": " << language.error().message();
  // With the limits of the step it belongs to: a compiler's start may be slow.
  RunSpec spec = fill_in(language->compile ? language->compile->spec : language->run, {});
  spec.argv = language->version;
  spec.collect.clear();
  const json result = run_in(
      container(runtime, language->compile ? language->compile_image : language->run_image), {}, spec, "");
  EXPECT_EQ(result.value("status", ""), "OK") << shown(result);
  const std::string text = result.value("stdout", json::object()).value("data", "") +
                           result.value("stderr", json::object()).value("data", "");
  EXPECT_NE(text.find_first_of("0123456789"), std::string::npos) << shown(result);
}

/// A program of tests/profiles: what it needs of its language is more than a greeting.
struct Work {
  const char* name;
  const char* language;
  const char* source;
  const char* input;
  const char* output;  // regular expression
};

void PrintTo(const Work& work, std::ostream* out) { *out << work.name; }

const Work kWorks[] = {
    {"Streams", "cpp", "streams.cc", "b a b", "a=1;b=2;\n"},
    {"Threads", "cpp", "threads.cc", "", "3600000 1\n"},
    {"Files", "cpp", "files.cc", "", "eone,two,three,51/tmp0\n"},
    {"Templates", "cpp", "big.cc", "", "big421\n"},
    {"Pascal", "pascal", "recursion.pas", "1000", "500500\n"},
    {"Rust", "rust", "threads.rs", "a b\nb c\n",
     "\\[\\(\"a\", 1\\), \\(\"b\", 2\\), \\(\"c\", 1\\)\\] 6 true true\n"},
    {"Python", "python", "work.py", "b a",
     "\\['b', 'a'\\] 8 328350 woken \\['alarm'\\] True 45 True True True ~x True True 2d71\n"},
    {"JavaScript", "javascript", "work.js", "hey", "e,moved hey 4999950000 fa69 8 637018976 true /box 7\n"},
    {"Java", "java", "Work.java", "1 2", "3999996000003 \\[one, two, deep\\] true 3.14 true 5 true\n"},
    {"Go", "go", "work.go", "b\na\n", "\\[a b\\] 4950 text 2 true true\n"},
};

class Works : public testing::TestWithParam<std::tuple<Work, std::string>> {};

TEST_P(Works, UnderTheFilterOfItsLanguage) {
  const auto& [work, runtime] = GetParam();
  Result<Language> language = parse_language(read_file(kImages / work.language / "language.json"));
  ASSERT_TRUE(language) << language.error().key << ": " << language.error().message();
  // More than a submission has: its deep recursion and large heap cost Java 5 s and 512 MiB under gVisor.
  language->run.limits.cpu_time = 30s;
  language->run.limits.wall_time = 60s;
  language->run.limits.memory = Bytes{1U << 30};
  std::string source = read_file(fs::path(BAILIFF_PROFILE_PROGRAMS) / work.source);
  // A submission's class is called Main.
  if (std::string_view(work.source) == "Work.java")
    source = std::regex_replace(source, std::regex("\\bWork\\b"), "Main");
  const json result = compiled_and_run(*language, runtime, source, work.input);
  EXPECT_TRUE(std::regex_match(output_of(result), std::regex(work.output))) << shown(result);
}

INSTANTIATE_TEST_SUITE_P(
    Of, Works, testing::Combine(testing::ValuesIn(kWorks), testing::Values("runsc", "runc")),
    [](const auto& row) { return std::string(std::get<0>(row.param).name) + "_" + std::get<1>(row.param); });

INSTANTIATE_TEST_SUITE_P(
    Of, Hello, testing::Combine(testing::ValuesIn(all_languages()), testing::Values("runsc", "runc")),
    [](const auto& row) { return std::get<0>(row.param) + "_" + std::get<1>(row.param); });

}  // namespace
}  // namespace bailiff::test
