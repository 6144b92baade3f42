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

json of_several_files() {
  json document = compiled();
  document["compile"]["sources"] = {".cc", ".cpp"};
  document["compile"]["argv"] = {"/usr/bin/g++", "-o", "main", "{sources}", "-lm"};
  return document;
}

std::vector<std::string> chosen(const Language& language, const std::vector<std::string>& files) {
  Result<std::vector<std::string>> sources = choose_sources(language, files);
  EXPECT_TRUE(sources) << sources.error().message();
  return sources ? *std::move(sources) : std::vector<std::string>{};
}

Error not_chosen(const Language& language, const std::vector<std::string>& files) {
  const Result<std::vector<std::string>> sources = choose_sources(language, files);
  EXPECT_FALSE(sources);
  return sources ? internal_error("nothing is wrong") : sources.error();
}

TEST(Sources, AreTheFilesWithASuffixOfTheLanguage) {
  const Language language = parsed(of_several_files());
  EXPECT_EQ(language.compile->sources, (std::vector<std::string>{".cc", ".cpp"}));
  EXPECT_EQ(chosen(language, {"a.cc", "a.h", "lib/b.cpp", "main.c", "cc", "x.cc.txt", ".cc"}),
            (std::vector<std::string>{"a.cc", "lib/b.cpp", ".cc"}));
  const Error none = not_chosen(language, {"a.c", "b.h"});
  EXPECT_EQ(none.fault, Fault::kRequest);
  EXPECT_EQ(none.key, "files");
  EXPECT_EQ(none.what, "C++ compiles .cc, .cpp; none of that is among: a.c, b.h");
}

TEST(Sources, AreTheOneFileWhereTheProgramStartsInOtherLanguages) {
  const Language language = parsed(interpreted());
  EXPECT_EQ(chosen(language, {"b.py", "main.py"}), std::vector<std::string>{"main.py"});
  const Error none = not_chosen(language, {"1.py", "2.py", "3.py", "4.py", "5.py", "6.py", "main.cc"});
  EXPECT_EQ(none.fault, Fault::kRequest);
  EXPECT_EQ(none.key, "files");
  EXPECT_EQ(none.what,
            "Python starts at main.py, which is not among: 1.py, 2.py, 3.py, 4.py, 5.py and 2 more");
  EXPECT_EQ(not_chosen(parsed(compiled()), {"a.cc", "b.cc"}).what,
            "C++ starts at main.cc, which is not among: a.cc, b.cc");
}

TEST(Sources, AreNeverOptionsOfTheCompiler) {
  const RunSpec spec = fill_in(parsed(of_several_files()).compile->spec,
                               {"main.cc", "-O3.cc", "@list.cc", "--x/a.cc", "Z.cc", "_.cc", "7.cc",
                                "{memory_bytes}.cc", "a b\n.cc", "\xC3\xA4.cc"});
  EXPECT_EQ(spec.argv, (std::vector<std::string>{"/usr/bin/g++", "-o", "main", "main.cc", "./-O3.cc",
                                                 "./@list.cc", "./--x/a.cc", "Z.cc", "_.cc", "7.cc",
                                                 "./{memory_bytes}.cc", "a b\n.cc", "./\xC3\xA4.cc", "-lm"}));
}

TEST(Sources, AreNeverTakenForAPlaceholderWithoutALimit) {
  RunSpec spec = parsed(of_several_files()).compile->spec;
  spec.limits.memory = std::nullopt;
  EXPECT_EQ(fill_in(spec, {"{memory_bytes}.cc"}).argv[3], "./{memory_bytes}.cc");
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
        Wrong{"PlaceholderWithoutSources", "/compile/argv/3", "\"{sources}\"", "compile.sources",
              "is missing"},
        Wrong{"SourcesWithoutPlaceholder", "/compile/sources", R"([".cc"])", "compile.argv",
              "one argument that is {sources}"},
        Wrong{"SourcesToRun", "/run/argv", R"(["/bin/sh", "{sources}"])", "run.argv",
              "which is the compiler's"},
        Wrong{"NoSuffixes", "/compile/sources", "[]", "compile.sources", "non-empty array of suffixes"},
        Wrong{"SuffixesString", "/compile/sources", "\".cc\"", "compile.sources",
              "non-empty array of suffixes"},
        Wrong{"SuffixWithoutDot", "/compile/sources", R"([".cc", "cc"])", "compile.sources[1]",
              "a '.' and more"},
        Wrong{"EmptySuffix", "/compile/sources", R"([""])", "compile.sources[0]", "must be 1 to 32 bytes"},
        Wrong{"SuffixOfADirectory", "/compile/sources", R"(["./a"])", "compile.sources[0]", "without a '/'"},
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

TEST(Language, ASourceThatWouldNotBeCompiledIsRefused) {
  json document = of_several_files();
  document["source"] = "main.c";
  const Result<Language> language = parse_language(document.dump());
  ASSERT_FALSE(language);
  EXPECT_EQ(language.error().key, "source");
  document["source"] = "main.cpp";
  document["compile"]["argv"].push_back("{sources}");
  EXPECT_EQ(parse_language(document.dump()).error().key, "compile.argv");
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
  const RunSpec filled = fill_in(spec, {});
  EXPECT_EQ(filled.argv,
            (std::vector<std::string>{"/usr/bin/java", "-XX:MaxRAM=67112960", "64m64", "{other}"}));
  EXPECT_EQ(filled.env, (std::map<std::string, std::string>{{"A", "b"}, {"GOMEMLIMIT", "64MiB"}}));
}

TEST(FillIn, SaysAtLeastOneMebibyte) {
  RunSpec spec{.argv = {"/a", "{memory_mib}"}};
  spec.limits.memory = Bytes{65536};
  EXPECT_EQ(fill_in(spec, {}).argv[1], "1");
}

TEST(FillIn, LeavesOutWhatNoLimitAnswers) {
  RunSpec spec{.argv = {"/{memory_mib}", "-m{memory_mib}", "-n{memory_bytes}", "file"},
               .env = {{"GOMEMLIMIT", "{memory_bytes}"}, {"A", "b"}}};
  spec.limits.memory = std::nullopt;
  const RunSpec filled = fill_in(spec, {});
  EXPECT_EQ(filled.argv, (std::vector<std::string>{"/{memory_mib}", "file"}));
  EXPECT_EQ(filled.env, (std::map<std::string, std::string>{{"A", "b"}}));
}

}  // namespace
}  // namespace bailiff
