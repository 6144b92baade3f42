#include "spec/language.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace bailiff {
namespace {

using nlohmann::json;

json compiled() {
  return json::parse(R"({"id": "cpp", "name": "C++", "source": "main.cc",
    "images": {"compile": "bailiff/cpp-compile", "run": "bailiff/cpp"},
    "compile": {"argv": ["/usr/bin/g++", "-o", "main", "main.cc"], "env": {"PATH": "/usr/bin"},
                "limits": {"cpu_time_ms": 10000}, "produces": {"main": "0755", "data/table": "0644"}},
    "run": {"argv": ["./main"], "limits": {"memory_bytes": 67108864}, "seccomp": "compute"},
    "version": ["/usr/bin/g++", "--version"]})");
}

json interpreted() {
  return json::parse(
      R"({"id": "python", "name": "Python", "source": "main.py", "images": {"run": "bailiff/python"},
    "run": {"argv": ["/usr/bin/python3", "main.py"]}, "version": ["/usr/bin/python3", "-V"]})");
}

Language parsed(const json& document) {
  Result<Language> language = parse_language(document.dump());
  EXPECT_TRUE(language) << language.error().key << ": " << language.error().message();
  return language ? *std::move(language) : Language{};
}

TEST(Language, OfACompilerHasTwoSteps) {
  const Language language = parsed(compiled());
  EXPECT_EQ(language.id, "cpp");
  EXPECT_EQ(language.name, "C++");
  EXPECT_EQ(language.source, "main.cc");
  EXPECT_EQ(language.compile_image, "bailiff/cpp-compile");
  EXPECT_EQ(language.run_image, "bailiff/cpp");
  ASSERT_TRUE(language.compile);
  const CompileStep& compile = *language.compile;
  EXPECT_EQ(compile.spec.argv, (std::vector<std::string>{"/usr/bin/g++", "-o", "main", "main.cc"}));
  EXPECT_EQ(compile.spec.env, (std::map<std::string, std::string>{{"PATH", "/usr/bin"}}));
  EXPECT_EQ(compile.spec.limits.cpu_time, 10s);
  EXPECT_EQ(compile.spec.limits.wall_time, 30s);  // as a RunSpec derives it
  EXPECT_EQ(compile.spec.given, (std::set<std::string>{"cpu_time_ms"}));
  EXPECT_EQ(compile.spec.collect, (std::vector<std::string>{"data/table", "main"}));
  EXPECT_EQ(compile.produces, (std::map<std::string, unsigned>{{"data/table", 0644}, {"main", 0755}}));
  EXPECT_EQ(language.run.argv, std::vector<std::string>{"./main"});
  EXPECT_EQ(language.run.limits.memory, 64_MiB);
  EXPECT_EQ(language.run.seccomp, "compute");
  EXPECT_EQ(language.version, (std::vector<std::string>{"/usr/bin/g++", "--version"}));
}

TEST(Language, OfAnInterpreterHasOne) {
  const Language language = parsed(interpreted());
  EXPECT_FALSE(language.compile);
  EXPECT_EQ(language.compile_image, "");
  EXPECT_EQ(language.run, (RunSpec{.argv = {"/usr/bin/python3", "main.py"}}));
}

struct Wrong {
  const char* name;
  const char* at;     // JSON pointer into compiled()
  const char* value;  // what to put there; nullptr: take it away
  const char* key;    // what the error names
  const char* message;
};
class LanguageRefuses : public testing::TestWithParam<Wrong> {};

TEST_P(LanguageRefuses, AndNamesTheKey) {
  json document = compiled();
  const json::json_pointer at(GetParam().at);
  if (GetParam().value != nullptr) {
    document[at] = json::parse(GetParam().value);
  } else {
    document[at.parent_pointer()].erase(at.back());
  }
  const Result<Language> language = parse_language(document.dump());
  ASSERT_FALSE(language);
  EXPECT_EQ(language.error().fault, Fault::kRequest);
  EXPECT_EQ(language.error().key, GetParam().key);
  EXPECT_NE(language.error().what.find(GetParam().message), std::string::npos) << language.error().what;
}

INSTANTIATE_TEST_SUITE_P(
    Because, LanguageRefuses,
    testing::Values(
        Wrong{"UnknownKey", "/compiler", "1", "compiler", "here are: id, name, source"},
        Wrong{"NoId", "/id", nullptr, "id", "is missing"},
        Wrong{"IdThatIsAPath", "/id", "\"../cpp\"", "id", "must be 1 to 32 of a-z 0-9 -"},
        Wrong{"EmptyId", "/id", "\"\"", "id", "must be 1 to 32"},
        Wrong{"LongId", "/id", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"", "id", "must be 1 to 32"},
        Wrong{"NoName", "/name", nullptr, "name", "is missing"},
        Wrong{"NameWithNewline", "/name", R"("a\nb")", "name", "without control characters"},
        Wrong{"NoSource", "/source", nullptr, "source", "is missing"},
        Wrong{"SourceElsewhere", "/source", "\"../main.cc\"", "source", ""},
        Wrong{"NoRunImage", "/images/run", nullptr, "images.run", "is missing"},
        Wrong{"NoImages", "/images", nullptr, "images.run", "is missing"},
        Wrong{"NoCompileImage", "/images/compile", nullptr, "images.compile", "is missing"},
        Wrong{"ImageLikeAnOption", "/images/run", "\"--privileged\"", "images.run",
              "must be the name of an image"},
        Wrong{"ImageWithSpace", "/images/run", "\"a b\"", "images.run", "must be the name of an image"},
        Wrong{"OtherImage", "/images/test", "\"a\"", "images.test", "here are: compile, run"},
        Wrong{"NoCompile", "/compile", nullptr, "compile", "is missing"},
        Wrong{"NothingProduced", "/compile/produces", "{}", "compile.produces", "1 to 1000 files"},
        Wrong{"NoProduces", "/compile/produces", nullptr, "compile.produces", "is missing"},
        Wrong{"ProducedOutside", "/compile/produces", R"({"/etc/passwd": "0644"})",
              "compile.produces./etc/passwd", ""},
        Wrong{"SetuidMode", "/compile/produces", R"({"main": "4755"})", "compile.produces.main", "octal"},
        Wrong{"FileBelowFile", "/compile/produces", R"({"a": "0644", "a/b": "0644"})", "compile.produces.a/b",
              "is below compile.produces.a"},
        Wrong{"NoCompiler", "/compile/argv", nullptr, "compile.argv", "is missing"},
        Wrong{"CompilerOnPath", "/compile/argv", R"(["g++"])", "compile.argv[0]", "must contain a '/'"},
        Wrong{"FilesOfItsOwn", "/compile/files", "{}", "compile.files",
              "here are: argv, env, limits, seccomp"},
        Wrong{"Collect", "/run/collect", "[]", "run.collect", "here are: argv, env, limits, seccomp"},
        Wrong{"Stdin", "/run/stdin", "{}", "run.stdin", "here are: argv, env, limits, seccomp"},
        Wrong{"NoRun", "/run", nullptr, "run", "is missing"},
        Wrong{"UnknownLimit", "/run/limits/cpu_ms", "1", "run.limits.cpu_ms", "is not a known key"},
        Wrong{"ZeroLimit", "/compile/limits/cpu_time_ms", "0", "compile.limits.cpu_time_ms",
              "must be an integer"},
        Wrong{"NoVersion", "/version", nullptr, "version", "is missing"},
        Wrong{"VersionNotAList", "/version", "\"g++ --version\"", "version", "array of strings"},
        Wrong{"VersionOfNumbers", "/version", R"(["/a", 1])", "version[1]", "must be a string"}),
    [](const auto& row) { return std::string(row.param.name); });

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Language, OfEachFolderIsReadAndNamedAsTheFolder) {
  const std::filesystem::path images = std::filesystem::path(BAILIFF_DOCS).parent_path() / "images";
  std::set<std::string> found;
  for (const auto& folder : std::filesystem::directory_iterator(images)) {
    if (!folder.is_directory()) continue;
    const std::string id = folder.path().filename();
    const Result<Language> language = parse_language(read_file(folder.path() / "language.json"));
    ASSERT_TRUE(language) << id << ": " << language.error().key << ": " << language.error().message();
    EXPECT_EQ(language->id, id);
    found.insert(id);
  }
  EXPECT_GE(found.size(), 10U);
}

TEST(Language, ExampleInTheDocsIsTheOneInUse) {
  const std::filesystem::path docs = BAILIFF_DOCS;
  const std::string page = read_file(docs / "images.md"), fence = "```json\n";
  const std::size_t begin = page.find(fence) + fence.size();
  EXPECT_EQ(page.substr(begin, page.find("```", begin) - begin),
            read_file(docs.parent_path() / "images/cpp/language.json"));
}

TEST(Language, IsOneObjectWithoutRepeatedKeys) {
  EXPECT_EQ(parse_language("[]").error().what, "must be an object");
  EXPECT_EQ(parse_language(R"({"id": "a", "id": "b"})").error().key, "id");
  EXPECT_FALSE(parse_language("{"));
  EXPECT_FALSE(parse_language(""));
}

TEST(FillIn, TellsTheMemoryLimit) {
  RunSpec spec{.argv = {"/usr/bin/java", "-XX:MaxRAM={memory_bytes}", "{memory_mib}m{memory_mib}", "{other}"},
               .env = {{"GOMEMLIMIT", "{memory_mib}MiB"}, {"A", "b"}}};
  spec.limits.memory = Bytes{(64_MiB).count + 4096};
  const RunSpec filled = fill_in(spec);
  EXPECT_EQ(filled.argv,
            (std::vector<std::string>{"/usr/bin/java", "-XX:MaxRAM=67112960", "64m64", "{other}"}));
  EXPECT_EQ(filled.env, (std::map<std::string, std::string>{{"A", "b"}, {"GOMEMLIMIT", "64MiB"}}));
}

TEST(FillIn, SaysAtLeastOneMebibyte) {
  RunSpec spec{.argv = {"/a", "{memory_mib}"}};
  spec.limits.memory = Bytes{65536};
  EXPECT_EQ(fill_in(spec).argv[1], "1");
}

TEST(FillIn, LeavesOutWhatNoLimitAnswers) {
  RunSpec spec{.argv = {"/{memory_mib}", "-m{memory_mib}", "-n{memory_bytes}", "file"},
               .env = {{"GOMEMLIMIT", "{memory_bytes}"}, {"A", "b"}}};
  spec.limits.memory = std::nullopt;
  const RunSpec filled = fill_in(spec);
  EXPECT_EQ(filled.argv, (std::vector<std::string>{"/{memory_mib}", "file"}));
  EXPECT_EQ(filled.env, (std::map<std::string, std::string>{{"A", "b"}}));
}

}  // namespace
}  // namespace bailiff
