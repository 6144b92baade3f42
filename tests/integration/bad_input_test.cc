// What callers and programs get wrong. A bad request is exit 2 with an error that names the key, a bad
// program a typed RE, a bad command line exit 64; nothing is left running.

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "tests/integration/result.h"
#include "tests/support/supervisor.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

json nothing() { return program_spec("nothing"); }

/// `nothing()` with `text` as the value of `key`: what no JSON library would write.
std::string nothing_with(const std::string& key, const std::string& text) {
  std::string spec = nothing().dump();
  spec.pop_back();
  return spec + ",\"" + key + "\":" + text + "}";
}

void expect_refused(const Answer& answer, const std::string& kind, const json& key) {
  EXPECT_EQ(answer.exit_code, 2) << answer.raw.substr(0, 1000);
  ASSERT_TRUE(answer.json.is_object()) << answer.raw.substr(0, 1000) << answer.stderr_text;
  ASSERT_EQ(answer.json.size(), 1U) << answer.raw.substr(0, 1000);
  const json& error = answer.json["error"];
  EXPECT_EQ(error["kind"], kind) << answer.raw.substr(0, 1000);
  EXPECT_EQ(error["key"], key) << answer.raw.substr(0, 1000);
  EXPECT_FALSE(error["message"].get<std::string>().empty());
  EXPECT_LT(answer.raw.size(), 16384U) << "an error that repeats the request";
  EXPECT_EQ(answer.stderr_text, "");
  EXPECT_EQ(left_behind(answer.pid), json::object());
}

void expect_request_error(const Answer& answer, const json& key) { expect_refused(answer, "request", key); }

/// The program's fault: a result, RE exec_failed, and why.
void expect_exec_failed(const json& spec, const std::string& detail) {
  SCOPED_TRACE(spec.dump().substr(0, 200));
  const Answer answer = run(spec);
  EXPECT_EQ(answer.exit_code, 0) << answer.raw << answer.stderr_text;
  ASSERT_TRUE(answer.json.is_object());
  EXPECT_EQ(answer.json.value("status", ""), "RE") << answer.raw;
  EXPECT_EQ(answer.json.value("reason", ""), "exec_failed") << answer.raw;
  EXPECT_EQ(answer.json["reason_detail"], detail) << answer.raw;
  EXPECT_EQ(answer.json["exit_code"], nullptr);
  EXPECT_EQ(answer.json["signal"], nullptr);
  EXPECT_EQ(left_behind(answer.pid), json::object());
}

json file_spec(const std::string& name, const std::string& bytes, const std::string& mode = "0755") {
  return {{"argv", {"./" + name}}, {"files", {{name, {{"base64", base64(bytes)}, {"mode", mode}}}}}};
}

std::string elf_header(unsigned char bits, std::uint16_t machine) {
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = bits;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = machine;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

/// A directory of this test, gone with it.
class Directory {
 public:
  Directory() {
    std::string name = "/tmp/bad-input-XXXXXX";
    path_ = ::mkdtemp(name.data()) != nullptr ? name : "";
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// ---- JSON
// ----------------------------------------------------------------------------------------------------

TEST(BadJson, IsARequestErrorWhateverItIs) {
  const std::string good = nothing().dump();
  const std::vector<std::string> texts = {"",
                                          " ",
                                          "{",
                                          "[",
                                          "nul",
                                          "\"",
                                          "{\"argv\"",
                                          "{\"argv\":",
                                          good.substr(0, good.size() - 1),
                                          good.substr(0, good.size() / 2),
                                          good + "}",
                                          good + good,
                                          good + " x",
                                          "\xff\xfe",
                                          std::string("{\"argv\":[\"/x\0\"]}", 17),
                                          "{'argv':['/x']}",
                                          "{\"argv\":[\"/x\",]}",
                                          "// comment\n" + good,
                                          "{\"argv\":[\"/\xff\"]}",
                                          "{\"argv\":[\"\\ud800/\"]}",
                                          nothing_with("limits", "{\"wall_time_ms\":NaN}"),
                                          nothing_with("limits", "{\"wall_time_ms\":Infinity}"),
                                          nothing_with("limits", "{\"wall_time_ms\":-Infinity}"),
                                          nothing_with("limits", "{\"wall_time_ms\":0x10}"),
                                          nothing_with("limits", "{\"wall_time_ms\":01}")};
  for (const std::string& text : texts) {
    SCOPED_TRACE(text.substr(0, 200));
    const Answer answer = run_text(text);
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_EQ(answer.json["error"]["kind"], "request") << answer.raw;
    EXPECT_EQ(left_behind(answer.pid), json::object());
  }
}

TEST(BadJson, ThatIsNoObjectIsARequestError) {
  for (const char* text : {"null", "true", "1", "\"run\"", "[]", "[{}]"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(run_text(text).json["error"]["kind"], "request");
  }
}

TEST(BadJson, NestedWithoutEndDoesNotExhaustTheStack) {
  const std::string deep(1'000'000, '[');
  for (const std::string& text : {deep, "{\"argv\":" + deep, deep + std::string(deep.size(), ']'),
                                  nothing_with("env", deep + std::string(deep.size(), ']'))}) {
    const Answer answer = run_text(text);
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_EQ(answer.json["error"]["kind"], "request") << answer.raw.substr(0, 500);
  }
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(run_text(objects).exit_code, 2);
}

TEST(BadJson, OfAHundredMegabytesIsRefusedWithoutBeingKept) {
  std::string spec = R"({"argv":["/bin/true"],"stdin":{"content":")";
  spec.append(100'000'000, 'x').append("\"}}");
  const Answer answer = run_text(spec);
  expect_request_error(answer, "SPEC");
  EXPECT_LT(answer.max_rss_kib, 200'000) << "more than the 64 MiB a spec may have, doubled once by growing";
}

TEST(BadJson, OfAHundredMegabytesInAFileIsRefused) {
  const Directory directory;
  const std::string path = directory.path("spec.json");
  std::ofstream(path) << "{}";
  ASSERT_EQ(::truncate(path.c_str(), 100'000'000), 0);
  expect_request_error(call({"run", path}), "SPEC");
}

// ---- keys and values
// -----------------------------------------------------------------------------------------

TEST(UnknownKey, IsNamed) {
  for (const auto& [key, spec] : std::vector<std::pair<std::string, json>>{
           {"argc", {{"argc", 1}}},
           {"Argv", {{"Argv", json::array()}}},
           {"limits.memory", {{"limits", {{"memory", 1}}}}},
           {"limits.cpu_time", {{"limits", {{"cpu_time", 1}}}}},
           {"stdin.text", {{"stdin", {{"text", ""}}}}},
           {"files.x.contents", {{"files", {{"x", {{"contents", ""}}}}}}},
           {"require.gpu", {{"require", {{"gpu", "x"}}}}}}) {
    SCOPED_TRACE(key);
    json whole = nothing();
    for (const auto& [name, value] : spec.items()) {
      if (name == "files")
        whole[name].update(value);
      else
        whole[name] = value;
    }
    expect_request_error(run(whole), key);
  }
}

TEST(DuplicateKey, IsRefused) {
  EXPECT_EQ(run_text(R"({"argv":["/bin/true"],"argv":["/bin/false"]})").exit_code, 2);
  EXPECT_EQ(run_text(R"({"argv":["/bin/true"],"limits":{"processes":1,"processes":9}})").exit_code, 2);
}

TEST(WrongType, IsNamed) {
  const std::vector<json> values = {nullptr, true, 1, 1.5, "x", json::array({1}), {{"x", 1}}};
  for (const char* key : {"argv", "env", "workdir", "files", "stdin", "collect", "limits", "seccomp",
                          "require", "accept_missing"}) {
    int refused = 0;
    for (const json& value : values) {
      json spec = nothing();
      spec[key] = value;
      const Answer answer = run(spec);
      if (answer.exit_code != 2) continue;
      ++refused;
      EXPECT_EQ(answer.json["error"]["kind"], "request") << answer.raw;
      EXPECT_TRUE(answer.json["error"]["key"].get<std::string>().starts_with(key)) << answer.raw;
    }
    EXPECT_GE(refused, 6) << key << ": some wrong type was taken";
  }
}

TEST(MissingArgv, IsNamed) {
  json spec = nothing();
  spec.erase("argv");
  expect_request_error(run(spec), "argv");
  spec["argv"] = json::array();
  expect_request_error(run(spec), "argv");
  expect_request_error(run_text("{}"), "argv");
}

TEST(BadArgv, IsNamed) {
  json spec = nothing();
  spec["argv"] = {"ls"};
  expect_request_error(run(spec), "argv[0]");
  spec["argv"] = {""};
  expect_request_error(run(spec), "argv[0]");
  spec["argv"] = {"./nothing", std::string("a\0b", 3)};
  expect_request_error(run(spec), "argv[1]");
  spec["argv"] = {"./nothing", 1};
  expect_request_error(run(spec), "argv[1]");
}

TEST(BadLimit, IsNamed) {
  for (const char* key :
       {"cpu_time_ms", "wall_time_ms", "memory_bytes", "stack_bytes", "output_bytes", "file_size_bytes",
        "processes", "open_files", "disk_bytes", "disk_inodes", "address_space_bytes", "data_bytes"}) {
    for (const char* value :
         {"0", "-1", "-9223372036854775808", "1.5", "1e3", "1e400", "18446744073709551615",
          "18446744073709551616", "99999999999999999999999", "\"1\"", "true", "[]", "{}", "-0"}) {
      SCOPED_TRACE(std::string(key) + ": " + value);
      const Answer answer = run_text(nothing_with("limits", std::string("{\"") + key + "\":" + value + "}"));
      expect_request_error(answer, std::string(value) == "1e400" ? answer.json["error"]["key"]
                                                                 : json(std::string("limits.") + key));
    }
  }
}

TEST(Unlimited, IsRefusedWhereItWouldHang) {
  for (const char* key : {"wall_time_ms", "output_bytes", "processes", "open_files", "disk_bytes"}) {
    expect_request_error(run_text(nothing_with("limits", std::string("{\"") + key + "\":null}")),
                         std::string("limits.") + key);
  }
}

TEST(BadName, OfAFileIsNamed) {
  for (const std::string name : {"/etc/passwd", "../x", "a/../../x", "..", ".", "", "a//b", "a/", "./a"}) {
    SCOPED_TRACE(name);
    json spec = nothing();
    spec["files"][name] = {{"content", "x"}};
    EXPECT_EQ(run(spec).exit_code, 2);
    spec = nothing();
    spec["collect"] = {name};
    expect_request_error(run(spec), "collect[0]");
  }
  json spec = nothing();
  spec["files"][std::string(256, 'n')] = {{"content", "x"}};
  EXPECT_EQ(run(spec).exit_code, 2);
  spec["files"] = {{std::string("a\0b", 3), {{"content", "x"}}}};
  EXPECT_EQ(run(spec).exit_code, 2);
}

TEST(BadName, TwiceOrBelowAFileIsRefused) {
  json spec = nothing();
  spec["collect"] = {"a", "b", "a"};
  expect_request_error(run(spec), "collect[2]");
  spec = nothing();
  spec["files"]["nothing/below"] = {{"content", "x"}};
  expect_request_error(run(spec), "files.nothing/below");
}

TEST(BadFile, IsNamed) {
  for (const json& file :
       std::vector<json>{{{"content", "x"}, {"base64", "eA=="}}, json::object(), {{"mode", "0644"}}}) {
    json spec = nothing();
    spec["files"]["x"] = file;
    expect_request_error(run(spec), "files.x");
  }
  for (const auto& [member, value] : std::vector<std::pair<std::string, json>>{
           {"base64", "*"}, {"base64", "eA"}, {"base64", "eA==\n"}, {"content", 1}, {"path", ""}}) {
    json spec = nothing();
    spec["files"]["x"] = {{member, value}};
    expect_request_error(run(spec), "files.x." + member);
  }
  for (const json& mode :
       std::vector<json>{"04755", "4755", "01777", "0888", "", "rwx", 420, "07777", "-1"}) {
    json spec = nothing();
    spec["files"]["x"] = {{"content", "x"}, {"mode", mode}};
    expect_request_error(run(spec), "files.x.mode");
  }
}

TEST(HostPath, ThatCannotBeReadIsNamed) {
  const Directory directory;
  json spec = nothing();
  for (const std::string& path : {directory.path("missing"), directory.path("")}) {
    spec["files"]["x"] = {{"path", path}};
    expect_request_error(run(spec), "files.x.path");
    spec["files"].erase("x");
    spec["stdin"] = {{"path", path}};
    expect_request_error(run(spec), "stdin.path");
    spec.erase("stdin");
  }
}

TEST(HostPath, OfASocketIsAnErrorAndNoHang) {
  const Directory directory;
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  directory.path("socket").copy(name.sun_path, sizeof name.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  json spec = nothing();
  spec["stdin"] = {{"path", directory.path("socket")}};
  expect_request_error(run(spec), "stdin.path");
  ::close(fd);
}

TEST(TooManyFiles, ForTheQuotaAreNamed) {
  json spec = nothing();
  spec["limits"] = {{"disk_bytes", 4194304}};
  spec["files"]["large"] = {{"content", std::string(5'000'000, 'x')}};
  expect_request_error(run(spec), "files.large");
  spec = nothing();
  spec["limits"] = {{"disk_inodes", 10}};
  for (int i = 0; i < 20; ++i) spec["files"]["f" + std::to_string(i)] = {{"content", ""}};
  const Answer answer = run(spec);
  EXPECT_EQ(answer.exit_code, 2);
  EXPECT_EQ(answer.json["error"]["kind"], "request") << answer.raw;
  EXPECT_EQ(left_behind(answer.pid), json::object());
}

TEST(Requirement, ThatThisHostCannotMeetNamesIt) {
  json spec = nothing();
  spec["require"] = {{"memory", "magic"}};
  expect_request_error(run(spec), "require.memory");
  spec["require"] = {{"memory", ""}};
  expect_request_error(run(spec), "require.memory");
  spec.erase("require");
  spec["seccomp"] = "no_such_profile";
  expect_request_error(run(spec), "seccomp");
  spec["seccomp"] = "../default";
  expect_request_error(run(spec), "seccomp");
}

// ---- the program
// ---------------------------------------------------------------------------------------------

TEST(Program, ThatIsMissingIsNotFound) {
  expect_exec_failed({{"argv", {"./missing"}}}, "not_found");
  expect_exec_failed({{"argv", {"/usr/bin/no-such-program"}}}, "not_found");
  expect_exec_failed({{"argv", {"/etc/passwd/below"}}}, "not_found");
}

TEST(Program, ThatIsNotExecutableIsRefusedByPermission) {
  expect_exec_failed(file_spec("program", "#!/bin/sh\n", "0644"), "permission");
  expect_exec_failed({{"argv", {"/etc/passwd"}}}, "permission");
}

TEST(Program, ThatIsADirectoryIsRefusedByPermission) {
  expect_exec_failed({{"argv", {"/usr/bin"}}}, "permission");
  expect_exec_failed({{"argv", {"./"}}}, "permission");
  expect_exec_failed({{"argv", {"/dev/null"}}}, "permission");
}

TEST(Program, WithoutItsInterpreterIsNotFound) {
  expect_exec_failed(file_spec("script", "#!/no/such/interpreter\n"), "not_found");
}

TEST(Program, ThatIsItsOwnInterpreterEnds) {
  const Answer answer = run(file_spec("script", "#!/box/script\n"));
  EXPECT_EQ(answer.exit_code, 0) << answer.raw;
  EXPECT_EQ(answer.json.value("status", ""), "RE") << answer.raw;
  EXPECT_EQ(answer.json.value("reason", ""), "exec_failed") << answer.raw;
}

TEST(Program, OfAForeignMachineIsOfBadFormat) {
  expect_exec_failed(file_spec("program", elf_header(ELFCLASS64, EM_S390)), "bad_format");
  expect_exec_failed(file_spec("program", elf_header(ELFCLASS32, EM_MIPS)), "bad_format");
#if defined(__x86_64__)
  expect_exec_failed(file_spec("program", elf_header(ELFCLASS64, EM_AARCH64)), "bad_format");
#else
  expect_exec_failed(file_spec("program", elf_header(ELFCLASS64, EM_X86_64)), "bad_format");
#endif
}

TEST(Program, ThatIsNoProgramIsOfBadFormat) {
  expect_exec_failed(file_spec("program", "print('hello')\n"), "bad_format");
  expect_exec_failed(file_spec("program", ""), "bad_format");
  expect_exec_failed(file_spec("program", std::string(4096, '\0')), "bad_format");
  expect_exec_failed(file_spec("program",
                               "\x7f"
                               "ELF"),
                     "bad_format");
}

TEST(Program, CutOffInItsMiddleDoesNotRun) {
  std::ifstream file(program_path("nothing"), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_GT(whole.size(), 5000U);
  for (const std::size_t size : {std::size_t{64}, std::size_t{1000}, whole.size() / 2}) {
    const Answer answer = run(file_spec("program", whole.substr(0, size)));
    EXPECT_EQ(answer.exit_code, 0) << answer.raw;
    EXPECT_EQ(answer.json.value("status", ""), "RE") << size << answer.raw;
    EXPECT_EQ(left_behind(answer.pid), json::object());
  }
}

TEST(Workdir, ThatCannotBeEnteredIsNamed) {
  for (const char* workdir : {"/missing", "/etc/passwd", "/.scratch", "/root", "relative", ""}) {
    SCOPED_TRACE(workdir);
    json spec = nothing();
    spec["argv"] = {"/box/nothing"};
    spec["workdir"] = workdir;
    expect_request_error(run(spec), "workdir");
  }
}

// ---- large argv and env
// --------------------------------------------------------------------------------------

TEST(HugeArgument, OfAsManyBytesAsTheKernelTakesIsTaken) {
  json spec = nothing();
  spec["argv"].push_back(std::string(131071, 'a'));
  EXPECT_EQ(run(spec).json.value("status", ""), "OK");
}

TEST(HugeArgument, BeyondThatIsNamed) {
  json spec = nothing();
  spec["argv"].push_back(std::string(131072, 'a'));
  expect_request_error(run(spec), "argv[1]");
  spec = nothing();
  spec["env"] = {{"HUGE", std::string(131071, 'e')}};
  expect_request_error(run(spec), "env.HUGE");
}

TEST(HugeArgv, ThatDoesNotFitIsNamed) {
  json spec = nothing();
  for (int i = 0; i < 100; ++i) spec["argv"].push_back(std::string(131000, 'a'));
  expect_request_error(run(spec), "argv");
  spec = nothing();
  for (int i = 0; i < 1'000'000; ++i) spec["argv"].emplace_back("");
  expect_request_error(run(spec), "argv");
}

TEST(HugeArgv, ThatDoesNotFitTheStackIsNamed) {
  json spec = nothing();
  spec["limits"] = {{"stack_bytes", 262144}};
  for (int i = 0; i < 4; ++i) spec["argv"].push_back(std::string(131000, 'a'));
  expect_request_error(run(spec), "argv");
}

TEST(HugeEnv, ThatDoesNotFitIsNamed) {
  json spec = nothing();
  for (int i = 0; i < 100; ++i) spec["env"]["E" + std::to_string(i)] = std::string(131000, 'e');
  expect_request_error(run(spec), "env");
  spec = nothing();
  for (int i = 0; i < 300'000; ++i) spec["env"]["E" + std::to_string(i)] = "";
  const Answer answer = run(spec);
  EXPECT_TRUE(answer.exit_code == 0 || answer.exit_code == 2) << answer.exit_code;
  EXPECT_EQ(left_behind(answer.pid), json::object());
}

TEST(HugeArgv, NeverOverrunsTheSupervisor) {
  for (const int megabytes : {5, 6, 7, 15, 16, 17, 40}) {
    SCOPED_TRACE(megabytes);
    json spec = nothing();
    for (int i = 0; i < megabytes * 8; ++i) spec["argv"].push_back(std::string(131000, 'a'));
    const Answer answer = run(spec);
    EXPECT_TRUE(answer.exit_code == 0 || answer.exit_code == 2)
        << answer.exit_code << answer.raw.substr(0, 300);
    EXPECT_EQ(left_behind(answer.pid), json::object());
  }
}

// ---- the command line and the host
// ---------------------------------------------------------------------------

TEST(CommandLine, ThatIsWrongIsExit64) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"run"},
                                             {"walk"},
                                             {"run", "a", "b"},
                                             {"run", "--no-such-option", "-"},
                                             {"run", "--root"},
                                             {"--json"}}) {
    const Answer answer = call(arguments);
    EXPECT_EQ(answer.exit_code, 64) << (arguments.empty() ? "" : arguments[0]);
    EXPECT_EQ(answer.raw, "");
    EXPECT_NE(answer.stderr_text, "");
  }
}

TEST(Spec, ThatCannotBeReadIsNamed) {
  const Directory directory;
  expect_request_error(call({"run", directory.path("missing.json")}), "SPEC");
  expect_request_error(call({"run", directory.path("")}), "SPEC");
}

TEST(ReadAhead, OfWhatIsNotThereIsNamed) {
  const Directory directory;
  ASSERT_EQ(::chmod(directory.path("").c_str(), 0755), 0);  // the supervisor may be another user's
  std::filesystem::create_symlink("nowhere", directory.path("dangling"));
  std::ofstream(directory.path("file")) << "x";
  const std::string spec = nothing().dump();
  std::filesystem::create_symlink("file", directory.path("link"));
  ASSERT_EQ(::mkfifo(directory.path("fifo").c_str(), 0644), 0);
  std::filesystem::create_symlink(".", directory.path("round"));
  std::filesystem::create_directory(directory.path("proc"));  // of the tree; a box has its own
  for (const char* path : {"/no/such/path", "usr", "", "/dangling", "/file/below", "/link", "/fifo",
                           "/round/file", "/proc", "//", "/..", "/../../etc", "/file/", "/file/../file"}) {
    SCOPED_TRACE(path);
    const std::vector<std::string> options = {"--root", directory.path(""), "--read-ahead", path};
    std::vector<std::string> run = {"run"}, serve = {"serve"};
    run.insert(run.end(), options.begin(), options.end());
    run.emplace_back("-");
    serve.insert(serve.end(), options.begin(), options.end());
    expect_request_error(call(run, spec), "--read-ahead");
    const Answer served = call(serve);
    EXPECT_EQ(served.exit_code, 2);
    EXPECT_EQ(served.raw, "");
    EXPECT_NE(served.stderr_text.find("--read-ahead"), std::string::npos) << served.stderr_text;
  }
}

TEST(ReadAhead, OfATreeOfOddThingsIsNoMatter) {
  const Directory directory;
  ASSERT_EQ(::chmod(directory.path("").c_str(), 0755), 0);
  const auto path = [&](const char* name) { return directory.path(name); };
  std::filesystem::copy_file(program_path("nothing"), path("nothing"));
  std::filesystem::create_directories(path("empty"));
  std::filesystem::create_symlink(".", path("empty/round"));
  std::filesystem::create_symlink("nowhere", path("empty/dangling"));
  std::ofstream(path("empty/closed")) << "x";
  std::filesystem::permissions(path("empty/closed"), std::filesystem::perms::none);
  ASSERT_EQ(::mkfifo(path("empty/fifo").c_str(), 0644), 0);
  // Below what a path can say, and a file that somebody writes.
  std::string deep = path("empty");
  UniqueFd below(::open(deep.c_str(), O_RDONLY | O_DIRECTORY));
  const std::string name(200, 'd');
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(::mkdirat(below.get(), name.c_str(), 0755), 0);
    below = UniqueFd(::openat(below.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
  }
  const UniqueFd leased(::open(path("empty/leased").c_str(), O_WRONLY | O_CREAT, 0644));
  ASSERT_EQ(::fcntl(leased.get(), F_SETLEASE, F_WRLCK), 0) << std::strerror(errno);
  ::signal(SIGIO, SIG_IGN);  // it is asked to give the lease up
  const json spec = {{"argv", {"/nothing"}}};
  const Answer answer =
      call({"run", "--root", path(""), "--read-ahead", "/", "--read-ahead", "/empty", "-"}, spec.dump());
  EXPECT_EQ(result_of(answer)["status"], "OK") << answer.raw;
}

TEST(Root, ThatIsNoDirectoryIsNamed) {
  const std::string spec = nothing().dump();
  for (const char* root : {"/no/such/root", "/etc/passwd", "relative"}) {
    SCOPED_TRACE(root);
    expect_request_error(call({"run", "--root", root, "-"}, spec), "--root");
  }
}

}  // namespace
}  // namespace bailiff::test
