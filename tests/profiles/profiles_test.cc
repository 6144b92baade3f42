#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "seccomp/filter.h"
#include "tests/integration/result.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

const json kLimits = {{"cpu_time_ms", 30000},        {"wall_time_ms", 60000},
                      {"memory_bytes", 1 << 30},     {"processes", 256},
                      {"open_files", 1024},          {"disk_bytes", 256 << 20},
                      {"file_size_bytes", 64 << 20}, {"disk_inodes", nullptr}};

json spec_of(const std::string& profile, const std::vector<std::string>& argv) {
  return {{"argv", argv},
          {"seccomp", profile},
          {"env", {{"PATH", "/usr/bin:/bin"}, {"LANG", "C.UTF-8"}, {"HOME", "/tmp"}, {"GO111MODULE", "off"}}},
          {"limits", kLimits}};
}

// --- real programs ---

/// A source of programs/, what compiles it, what runs it, and what it then prints.
struct Program {
  const char* name;
  const char* source;
  const char* compiler_profile;
  std::vector<std::string> compiler;  // empty: none; makes `product`
  std::vector<std::string> products;  // what the run gets besides nothing; the source if nothing is compiled
  std::vector<std::string> argv;
  std::vector<const char*> profiles;
  const char* input;
  const char* output;  // regular expression
};

void PrintTo(const Program& program, std::ostream* out) { *out << program.name; }

constexpr const char* kJava = "/usr/lib/jvm/java-17-openjdk-amd64/bin/";
// Debian's /etc/fpc.cfg leads to a file that is not in a host's box.
constexpr const char* kPascalUnits = "-Fu/usr/lib/x86_64-linux-gnu/fpc/3.2.2/units/x86_64-linux/*";
const std::vector<std::string> kProgram = {"/box/program"};
const std::vector<const char*> kNative = {"compute", "files", "processes", "python",
                                          "node",    "jvm",   "go",        "default"};
const std::vector<const char*> kWriting = {"files", "processes", "python", "node", "jvm", "go", "default"};

std::vector<std::string> gcc(const std::string& compiler, const std::string& source,
                             std::vector<std::string> options) {
  options.insert(options.begin(), "/usr/bin/" + compiler);
  options.insert(options.end(), {"-O2", "-o", "program", source});
  return options;
}

const Program kPrograms[] = {
    {"Hello",
     "hello.c",
     "processes",
     gcc("gcc", "hello.c", {}),
     {"program"},
     kProgram,
     kNative,
     "3 1 2",
     "1 2 3\n"},
    {"HelloStatic",
     "hello.c",
     "processes",
     gcc("gcc", "hello.c", {"-static"}),
     {"program"},
     kProgram,
     kNative,
     "3 1 2",
     "1 2 3\n"},
    {"HelloMuslStatic",
     "hello.c",
     "processes",
     gcc("musl-gcc", "hello.c", {"-static"}),
     {"program"},
     kProgram,
     kNative,
     "3 1 2",
     "1 2 3\n"},
    {"Streams",
     "streams.cc",
     "processes",
     gcc("g++", "streams.cc", {}),
     {"program"},
     kProgram,
     kNative,
     "b a b",
     "a=1;b=2;\n"},
    {"StreamsStatic",
     "streams.cc",
     "processes",
     gcc("g++", "streams.cc", {"-static"}),
     {"program"},
     kProgram,
     kNative,
     "b a b",
     "a=1;b=2;\n"},
    {"Threads",
     "threads.cc",
     "processes",
     gcc("g++", "threads.cc", {"-std=c++20", "-pthread"}),
     {"program"},
     kProgram,
     kNative,
     "",
     "3600000 1\n"},
    {"ThreadsStatic",
     "threads.cc",
     "processes",
     gcc("g++", "threads.cc", {"-std=c++20", "-static", "-pthread"}),
     {"program"},
     kProgram,
     kNative,
     "",
     "3600000 1\n"},
    {"OpenMp",
     "openmp.c",
     "processes",
     gcc("gcc", "openmp.c", {"-fopenmp"}),
     {"program"},
     kProgram,
     {"compute"},
     "",
     "14.392727\n"},
    {"Pascal",
     "recursion.pas",
     "processes",
     {"/usr/bin/x86_64-linux-gnu-fpc-3.2.2", "-n", kPascalUnits, "-oprogram", "recursion.pas"},
     {"program"},
     kProgram,
     {"compute"},
     "1000",
     "500500\n"},
    {"Rust",
     "threads.rs",
     "processes",
     {"/usr/bin/rustc", "-O", "-o", "program", "threads.rs"},
     {"program"},
     kProgram,
     {"compute"},
     "a b\nb c\n",
     "\\[\\(\"a\", 1\\), \\(\"b\", 2\\), \\(\"c\", 1\\)\\] 6 true true\n"},
    {"Templates",
     "big.cc",
     "processes",
     gcc("g++", "big.cc", {"-std=c++20", "-pipe"}),
     {"program"},
     kProgram,
     {"compute"},
     "",
     "big421\n"},
    {"Files",
     "files.cc",
     "processes",
     gcc("g++", "files.cc", {"-std=c++20"}),
     {"program"},
     kProgram,
     kWriting,
     "",
     "eone,two,three,51/tmp0\n"},
    {"Shell",
     "work.sh",
     nullptr,
     {},
     {},
     {"/usr/bin/bash", "work.sh"},
     {"processes", "default"},
     "hi\n",
     "trapped\n3 2 1 3 42 late 1 1970\n3\n3\nfrom a child\n"},
    {"Python",
     "work.py",
     nullptr,
     {},
     {},
     {"/usr/bin/python3", "work.py"},
     {"python", "default"},
     "b a",
     "\\['b', 'a'\\] 8 328350 woken \\['alarm'\\] True 45 True True True ~x True True 2d71\n"},
    {"Node",
     "work.js",
     nullptr,
     {},
     {},
     {"/usr/bin/node", "work.js"},
     {"node", "default"},
     "hey",
     "e,moved hey 4999950000 fa69 8 637018976 true /box 7\n"},
    {"Java",
     "Work.java",
     "jvm",
     {std::string(kJava) + "javac", "Work.java"},
     {"Work.class"},
     {std::string(kJava) + "java", "-cp", "/box", "Work"},
     {"jvm", "default"},
     "1 2",
     "3999996000003 \\[one, two, deep\\] true 3.14 true 5 true\n"},
    {"JavaByShell",
     "Work.java",
     "jdk",
     {"/usr/bin/sh", "-c", std::string(kJava) + "javac Work.java && test -s Work.class"},
     {"Work.class"},
     {std::string(kJava) + "java", "-cp", "/box", "Work"},
     {"jdk"},
     "1 2",
     "3999996000003 \\[one, two, deep\\] true 3.14 true 5 true\n"},
    {"Go",
     "work.go",
     "processes",
     {"/usr/bin/go", "build", "-o", "program", "work.go"},
     {"program"},
     kProgram,
     {"go", "default"},
     "b\na\n",
     "\\[a b\\] 4950 text 2 true true\n"},
};

class RealProgram : public ::testing::TestWithParam<Program> {};

TEST_P(RealProgram, RunsUnderItsProfile) {
  const Program& program = GetParam();
  const std::string source = program.source;
  json files = {{source, {{"path", std::string(BAILIFF_PROFILE_PROGRAMS "/") + source}}}};
  if (!program.compiler.empty()) {
    json spec = spec_of(program.compiler_profile, program.compiler);
    spec["files"] = files;
    spec["collect"] = program.products;
    const json compiled = result_of(run(spec));
    ASSERT_EQ(compiled["status"], "OK") << compiled.dump(1);
    files.clear();
    for (const std::string& product : program.products) {
      files[product] = compiled["files"][product];
      files[product].erase("bytes");
      files[product]["mode"] = "0755";
    }
  }
  for (const char* profile : program.profiles) {
    json spec = spec_of(profile, program.argv);
    spec["files"] = files;
    spec["stdin"] = {{"content", program.input}};
    const json result = result_of(run(spec));
    EXPECT_EQ(result["status"], "OK") << profile << result.dump(1);
    EXPECT_TRUE(std::regex_match(bytes_of(result["stdout"]), std::regex(program.output)))
        << profile << result["stdout"].dump(1);
    const std::string named = std::string(profile) + "@sha256:" + std::string(find_filter(profile)->sha256);
    EXPECT_EQ(result["sandbox"]["seccomp"], named);
  }
}

INSTANTIATE_TEST_SUITE_P(All, RealProgram, ::testing::ValuesIn(kPrograms),
                         [](const auto& test) { return std::string(test.param.name); });

// --- what has to be stopped ---

const std::vector<std::string> kColumns = {"base", "compute", "files", "processes", "jdk", "python",
                                           "node", "jvm",     "go",    "default"};

struct Attempt {
  const char* name;      // of a file in attempts/
  const char* outcomes;  // under each of kColumns: "." it works, "!" a violation with its record, "killed",
                         // or the errno
};

void PrintTo(const Attempt& attempt, std::ostream* out) { *out << attempt.name; }

const Attempt kAttempts[] = {
#include "tests/profiles/attempts.inc"
};

const std::map<std::string, int> kErrnos = {
    {"EPERM", EPERM},   {"ENOSYS", ENOSYS}, {"EAFNOSUPPORT", EAFNOSUPPORT},
    {"EINVAL", EINVAL}, {"ENOTTY", ENOTTY}, {"EACCES", EACCES}};

std::string outcome_of(const json& result) {
  if (result["status"] == "OK") return ".";
  if (result["status"] == "SV" && result.contains("violation")) return "!";
  if (result["status"] == "RE" && result["signal"] == SIGSYS) return "killed";
  for (const auto& [name, value] : kErrnos) {
    if (result["exit_code"] == value) return name;
  }
  return result["status"].get<std::string>() + " " + result["exit_code"].dump();
}

class Stopped : public ::testing::TestWithParam<Attempt> {};

TEST_P(Stopped, AsTheTableSays) {
  const std::string name = GetParam().name;
  std::istringstream outcomes(GetParam().outcomes);
  for (const std::string& profile : kColumns) {
    std::string wanted;
    outcomes >> wanted;
    json spec = spec_of(profile, {"/box/attempt"});
    spec["files"] = {{"old", {{"content", "old"}}},
                     {"attempt", {{"path", std::string(BAILIFF_ATTEMPTS "/") + name}, {"mode", "0755"}}}};
    const json result = result_of(run(spec));
    EXPECT_EQ(outcome_of(result), wanted) << profile << result.dump(1);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Stopped, ::testing::ValuesIn(kAttempts),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Profiles, AreAllInTheTable) {
  std::set<std::string> columns(kColumns.begin(), kColumns.end());
  for (const Filter& filter : all_filters())
    EXPECT_TRUE(columns.erase(std::string(filter.name))) << filter.name;
  EXPECT_TRUE(columns.empty());
}

TEST(Profiles, AnUnknownOneListsThoseThereAre) {
  const json error = error_of(run(spec_of("compote", {"/bin/true"})));
  EXPECT_EQ(error["key"], "seccomp");
  EXPECT_EQ(error["message"],
            "no profile named \"compote\"; there are base, compute, default, files, go, jdk, jvm, "
            "node, processes, python");
}

}  // namespace
}  // namespace bailiff::test
