// What goes in, what comes out, and how the end of a program is told.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "tests/integration/result.h"

namespace bailiff::test {
namespace {

using nlohmann::json;
using namespace std::string_literals;

json shell(const std::string& script) { return {{"argv", {"/bin/sh", "-c", script}}}; }

std::string stdout_of(const json& spec) {
  const Answer answer = run(spec);
  EXPECT_EQ(result_of(answer)["status"], "OK") << answer.raw;
  return bytes_of(result_of(answer)["stdout"]);
}

/// A file of the host that is gone with the scope.
class HostFile {
 public:
  explicit HostFile(const std::string& bytes) {
    const int fd = ::mkstemp(path_);
    for (std::size_t at = 0; fd >= 0 && at < bytes.size();) {
      const ssize_t wrote = ::write(fd, bytes.data() + at, bytes.size() - at);
      if (wrote <= 0) break;
      at += static_cast<std::size_t>(wrote);
    }
    ::fchmod(fd, 0644);  // the supervisor may be another user's
    ::close(fd);
  }
  ~HostFile() { ::unlink(path_); }
  HostFile(const HostFile&) = delete;
  HostFile& operator=(const HostFile&) = delete;
  [[nodiscard]] std::string path() const { return path_; }

 private:
  char path_[32] = "/tmp/bailiff-test-XXXXXX";
};

std::string sha256_of_host_file(const std::string& path) {
  char digest[65] = "";
  FILE* pipe = ::popen(("sha256sum " + path).c_str(), "r");
  EXPECT_EQ(std::fscanf(pipe, "%64s", digest), 1);
  ::pclose(pipe);
  return digest;
}

// ---- in ------------------------------------------------------------------------------------------------------

TEST(Arguments, ArriveByteForByte) {
  json spec = program_spec("show", {"", " ", "a b", "\"quoted\"", "line\nbreak", "tab\t", "\x01\x7f", "ünï→𝄞", "-", "--", "$HOME", "\\"});
  spec["env"] = {{"EMPTY", ""}, {"ODD name", "a=b\nc"}, {"UTF", "→"}};
  spec["workdir"] = "/tmp";
  spec["argv"][0] = "/box/show";
  const std::string expected =
      "A/box/show\0A\0A \0Aa b\0A\"quoted\"\0Aline\nbreak\0Atab\t\0A\x01\x7f\0Aünï→𝄞\0A-\0A--\0A$HOME\0A\\\0"
      "EEMPTY=\0EODD name=a=b\nc\0EUTF=→\0D/tmp\0"s;
  EXPECT_EQ(stdout_of(spec), expected);
}

TEST(Environment, IsTheDocumentedOneWhenNoneIsGiven) {
  EXPECT_EQ(stdout_of(program_spec("show")),
            "A./show\0EHOME=/box\0ELANG=C.UTF-8\0EPATH=/usr/local/bin:/usr/bin:/bin\0D/box\0"s);
}

TEST(Environment, MayBeEmpty) {
  json spec = program_spec("show");
  spec["env"] = json::object();
  EXPECT_EQ(stdout_of(spec), "A./show\0D/box\0"s);
}

TEST(Workdir, ThatDoesNotExistIsTheCallersError) {
  json spec = program_spec("nothing");
  spec["argv"][0] = "/box/nothing";
  spec["workdir"] = "/nonesuch";
  const json error = error_of(run(spec));
  EXPECT_EQ(error["kind"], "request");
  EXPECT_EQ(error["key"], "workdir");
}

TEST(Stdin, IsEmptyWhenLeftOut) { EXPECT_EQ(stdout_of(shell("wc -c")), "0\n"); }

TEST(Stdin, ComesAsContentBase64OrPath) {
  json spec = shell("cat");
  spec["stdin"] = {{"content", "grüße\n"}};
  EXPECT_EQ(stdout_of(spec), "grüße\n");
  const std::string odd = "\0\xff\x80 binary"s;
  spec["stdin"] = {{"base64", base64(odd)}};
  EXPECT_EQ(stdout_of(spec), odd);
  const HostFile file(odd + odd);
  spec["stdin"] = {{"path", file.path()}};
  EXPECT_EQ(stdout_of(spec), odd + odd);
}

TEST(Stdin, Of64MiBArrivesWhole) {
  std::string bytes(std::size_t{64} << 20, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24);
  const HostFile file(bytes);
  json spec = {{"argv", {"/usr/bin/sha256sum"}}, {"limits", {{"cpu_time_ms", 30000}}}};
  spec["stdin"] = {{"path", file.path()}};
  EXPECT_EQ(stdout_of(spec), sha256_of_host_file(file.path()) + "  -\n");
}

TEST(Stdin, CanBeSoughtButNotChanged) {
  json spec = {{"argv", {"/usr/bin/python3", "-c",
                         "import os\n"
                         "assert os.read(0, 2) == b'ab'; os.lseek(0, 1, 0); assert os.read(0, 9) == b'bc'\n"
                         "try: os.ftruncate(0, 0); print('changed')\n"
                         "except OSError: print('kept')\n"}}};
  spec["stdin"] = {{"content", "abc"}};
  EXPECT_EQ(stdout_of(spec), "kept\n");
}

TEST(Files, ArriveWithTheirContentAndMode) {
  const HostFile host("from the host");
  json spec = shell("stat -c '%n %a %s' a b/c/d e; cat a b/c/d e; stat -c %a b b/c; test -O a && test -O b && echo mine");
  spec["files"] = {{"a", {{"content", "text"}}},
                   {"b/c/d", {{"base64", base64("\1\2\3")}, {"mode", "0600"}}},
                   {"e", {{"path", host.path()}, {"mode", "0755"}}}};
  EXPECT_EQ(stdout_of(spec), "a 644 4\nb/c/d 600 3\ne 755 13\ntext\1\2\3from the host755\n755\nmine\n");
}

TEST(Files, ThatDoNotFitAreTheCallersError) {
  json spec = shell(":");
  spec["files"] = {{"big", {{"content", std::string(1 << 20, 'x')}}}};
  spec["limits"] = {{"disk_bytes", 1 << 19}};
  const json error = error_of(run(spec));
  EXPECT_EQ(error["kind"], "request");
  EXPECT_EQ(error["key"], "files.big");
}

// ---- out -----------------------------------------------------------------------------------------------------

TEST(Output, ThatIsBinaryComesAsBase64AndWhole) {
  const Answer answer = run(program_spec("emit", {"1", "1000", "binary"}));
  const json& stream = result_of(answer)["stdout"];
  std::string expected;
  for (int i = 0; i < 1000; ++i) expected.push_back(static_cast<char>(i));
  EXPECT_TRUE(stream.contains("base64"));
  EXPECT_EQ(bytes_of(stream), expected);
  EXPECT_EQ(stream["bytes"], 1000);
}

TEST(Output, CarriesTheHashOfAllOfIt) {
  const Answer answer = run(program_spec("emit", {"2", "1000000"}));
  const HostFile same(std::string(1'000'000, 'x'));
  EXPECT_EQ(result_of(answer)["stderr"]["sha256"], sha256_of_host_file(same.path()));
  EXPECT_EQ(result_of(answer)["stdout"]["sha256"], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Output, KeepsTheStreamsApart) {
  const json result = result_of(run(shell("echo out; echo err >&2; echo out")));
  EXPECT_EQ(result["stdout"]["text"], "out\nout\n");
  EXPECT_EQ(result["stderr"]["text"], "err\n");
}

TEST(Output, MayGoToDevNullByAnyRedirection) {
  EXPECT_EQ(stdout_of(shell("echo x >/dev/null && echo y >>/dev/null && echo kept | tee /dev/null")), "kept\n");
}

TEST(Output, OfAGrandchildThatHoldsThePipeIsNotWaitedFor) {
  const json result = result_of(run(shell("(sleep 100; echo late) & echo early")));
  EXPECT_EQ(result["status"], "OK");
  EXPECT_EQ(result["stdout"]["text"], "early\n");
}

TEST(Collect, ReadsBackWhatTheProgramWrote) {
  json spec = shell("printf text > a; mkdir -p b/c; printf '\\377\\000' > b/c/d; : > empty");
  spec["collect"] = {"a", "b/c/d", "empty"};
  const json result = result_of(run(spec));
  EXPECT_EQ(result["status"], "OK");
  EXPECT_EQ(result["files"], json({{"a", {{"text", "text"}}}, {"b/c/d", {{"base64", "/wA="}}}, {"empty", {{"text", ""}}}}));
}

struct CollectCase {
  const char* name;
  const char* script;
  const char* error;
};
void PrintTo(const CollectCase& row, std::ostream* out) { *out << row.name; }

class CollectOf : public testing::TestWithParam<CollectCase> {};

TEST_P(CollectOf, IsAFileErrorAndNeverFollowed) {
  json spec = shell(GetParam().script);
  spec["collect"] = {"a/out"};
  const Answer answer = run(spec);
  const json& result = result_of(answer);
  EXPECT_EQ(result["status"], "FE") << answer.raw;
  EXPECT_EQ(result["reason"], std::string("copy_out_") + GetParam().error);
  EXPECT_EQ(result["files"]["a/out"], json({{"error", GetParam().error}}));
}

INSTANTIATE_TEST_SUITE_P(, CollectOf,
                         testing::Values(CollectCase{"Nothing", "mkdir a", "missing"},
                                         CollectCase{"NothingAndNoDirectory", ":", "missing"},
                                         CollectCase{"Link", "mkdir a; echo x > b; ln -s ../b a/out", "not_regular"},
                                         CollectCase{"LinkToTheHost", "mkdir a; ln -s /etc/passwd a/out", "not_regular"},
                                         CollectCase{"LinkInPlaceOfADirectory", "mkdir b; echo x > b/out; ln -s b a", "not_regular"},
                                         CollectCase{"Fifo", "mkdir a; mkfifo a/out", "not_regular"},
                                         CollectCase{"Directory", "mkdir -p a/out", "not_regular"},
                                         CollectCase{"FileInPlaceOfADirectory", "echo x > a", "not_regular"}),
                         [](const auto& row) { return row.param.name; });

TEST(Collect, DoesNotTakeAFileThatIsLargerThanTheDiskItSays) {  // a sparse one
  json spec = shell("truncate -s 100M out");
  spec["collect"] = {"out"};
  spec["limits"] = {{"disk_bytes", 1 << 20}, {"file_size_bytes", nullptr}};
  const json result = result_of(run(spec));
  EXPECT_EQ(result["reason"], "copy_out_too_big");
  EXPECT_EQ(result["files"]["out"], json({{"error", "too_big"}}));
}

TEST(Collect, DoesNotHideWhyAProgramFailed) {
  json spec = shell("exit 3");
  spec["collect"] = {"out"};
  const json result = result_of(run(spec));
  EXPECT_EQ(result["status"], "RE");
  EXPECT_EQ(result["reason"], "exit");
  EXPECT_EQ(result["files"]["out"]["error"], "missing");
}

TEST(Collect, WorksOnFilesTheProgramMadeUnreadable) {
  json spec = shell("mkdir a; echo x > a/out; chmod 000 a/out; chmod 000 a");
  spec["collect"] = {"a/out"};
  EXPECT_EQ(result_of(run(spec))["files"]["a/out"]["text"], "x\n");
}

// ---- the end -------------------------------------------------------------------------------------------------

TEST(ExitCode, OfAllKindsIsTold) {
  for (int code = 0; code < 256; ++code) {
    const json result = result_of(run(program_spec("die", {"exit", std::to_string(code)})));
    ASSERT_EQ(result["exit_code"], code);
    ASSERT_EQ(result["signal"], nullptr);
    ASSERT_EQ(result["status"], code == 0 ? "OK" : "RE");
    ASSERT_EQ(result["reason"], code == 0 ? json(nullptr) : json("exit"));
    ASSERT_EQ(result["killed_by"], "none");
  }
}

struct Death {
  const char* name;
  std::vector<std::string> arguments;
  int signal;
};
void PrintTo(const Death& row, std::ostream* out) { *out << row.name; }

class Signal : public testing::TestWithParam<Death> {};

TEST_P(Signal, IsARuntimeErrorAndProvesNothingElse) {
  const Answer answer = run(program_spec("die", GetParam().arguments));
  const json& result = result_of(answer);
  EXPECT_EQ(result["status"], "RE") << answer.raw;
  EXPECT_EQ(result["reason"], "signal");
  EXPECT_EQ(result["signal"], GetParam().signal);
  EXPECT_EQ(result["exit_code"], nullptr);
  EXPECT_EQ(result["limits_exceeded"], json::array());
  EXPECT_EQ(result["violation"], nullptr);
  EXPECT_EQ(result["killed_by"], GetParam().signal == SIGKILL ? "unknown" : "none");
}

INSTANTIATE_TEST_SUITE_P(, Signal,
                         testing::Values(Death{"NullPointer", {"segv"}, SIGSEGV}, Death{"Abort", {"abort"}, SIGABRT},
                                         Death{"DivisionByZero", {"fpe"}, SIGFPE},
                                         Death{"RaisedSigxcpu", {"raise", "24"}, SIGXCPU},
                                         Death{"RaisedSigxfsz", {"raise", "25"}, SIGXFSZ},
                                         Death{"RaisedSigsys", {"raise", "31"}, SIGSYS},
                                         Death{"RaisedSigkill", {"raise", "9"}, SIGKILL},
                                         Death{"RaisedSigusr1", {"raise", "10"}, SIGUSR1},
                                         Death{"RaisedSigterm", {"raise", "15"}, SIGTERM},
                                         Death{"RaisedSigalrm", {"raise", "14"}, SIGALRM}),
                         [](const auto& row) { return row.param.name; });

struct Start {
  const char* name;
  json file;  // of /box/prog; null: none
  std::string argv0;
  const char* detail;
};
void PrintTo(const Start& row, std::ostream* out) { *out << row.name; }

class ExecFailure : public testing::TestWithParam<Start> {};

TEST_P(ExecFailure, IsTypedAndNotAnExitCode) {
  json spec = {{"argv", {GetParam().argv0}}};
  if (!GetParam().file.is_null()) spec["files"]["prog"] = GetParam().file;
  const Answer answer = run(spec);
  const json& result = result_of(answer);
  EXPECT_EQ(result["status"], "RE") << answer.raw;
  EXPECT_EQ(result["reason"], "exec_failed");
  EXPECT_EQ(result["reason_detail"], GetParam().detail);
  EXPECT_EQ(result["exit_code"], nullptr);
  EXPECT_EQ(result["signal"], nullptr);
}

/// The first 64 bytes of an ELF executable for a machine that no runner is.
std::string foreign_elf() {
  std::string header = "\x7f"
                       "ELF\2\1\1"s;
  header.resize(64);
  header[16] = 2;     // ET_EXEC
  header[18] = 0x2b;  // EM_SPARCV9
  header[20] = 1;
  return header;
}

INSTANTIATE_TEST_SUITE_P(
    , ExecFailure,
    testing::Values(Start{"Missing", nullptr, "/box/prog", "not_found"},
                    Start{"MissingDirectory", nullptr, "/nonesuch/prog", "not_found"},
                    Start{"FileAsDirectory", json{{"content", ""}}, "/box/prog/x", "not_found"},
                    Start{"Directory", nullptr, "/box", "permission"},
                    Start{"NotExecutable", json{{"content", "#!/bin/sh\n"}}, "./prog", "permission"},
                    Start{"NoFormat", json{{"content", "hello"}, {"mode", "0755"}}, "./prog", "bad_format"},
                    Start{"Empty", json{{"content", ""}, {"mode", "0755"}}, "./prog", "bad_format"},
                    Start{"ForeignMachine", json{{"base64", base64(foreign_elf())}, {"mode", "0755"}}, "./prog", "bad_format"},
                    Start{"ScriptWithoutItsInterpreter", json{{"content", "#!/nonesuch/python\n"}, {"mode", "0755"}}, "./prog",
                          "not_found"}),
    [](const auto& row) { return row.param.name; });

TEST(Exec, RunsAScriptByItsShebang) {
  json spec = {{"argv", {"./prog", "x"}}, {"files", {{"prog", {{"content", "#!/bin/sh -e\necho $0 $1\n"}, {"mode", "0755"}}}}}};
  EXPECT_EQ(stdout_of(spec), "./prog x\n");
}

TEST(Exec, OfAProgramThatExitsWith127IsNoExecFailure) {
  const json result = result_of(run(program_spec("die", {"exit", "127"})));
  EXPECT_EQ(result["reason"], "exit");
  EXPECT_EQ(result["exit_code"], 127);
}

TEST(Sandbox, IsNamedInTheResult) {
  const json sandbox = result_of(run(program_spec("nothing")))["sandbox"];
  EXPECT_EQ(sandbox["runtime"], "native");
  for (const char* name : {"pid", "mount", "net", "ipc", "uts"}) {
    EXPECT_NE(std::find(sandbox["namespaces"].begin(), sandbox["namespaces"].end(), name), sandbox["namespaces"].end()) << name;
  }
  const std::string seccomp = sandbox["seccomp"];
  EXPECT_EQ(seccomp.substr(0, 15), "default@sha256:");
  EXPECT_EQ(seccomp.size(), 15U + 64U);
}

TEST(Result, OfTheSameRunIsTheSameTwice) {
  json spec = shell("echo out; echo err >&2; echo file > f; exit 7");
  spec["collect"] = {"f", "g"};
  json first = result_of(run(spec));
  json second = result_of(run(spec));
  for (json* result : {&first, &second}) {
    for (const char* measured : {"cpu_time", "wall_time", "peak_memory", "overhead", "memory_breakdown"}) result->erase(measured);
    for (json& row : (*result)["processes"]) {
      row.erase("cpu_ns");
      row.erase("max_rss_bytes");
    }
  }
  EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace bailiff::test
