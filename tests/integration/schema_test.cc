// Real answers against the schemas of docs/: what a judge that validates what it gets would say.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <set>

#include "tests/integration/result.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

/// What tests/support/validate.py says about `documents`, one a line, held against docs/<schema>; empty when all fit.
std::string problems(const std::string& schema, const std::string& documents) {
  char path[] = "/tmp/bailiff-schema-XXXXXX";
  const int fd = ::mkstemp(path);
  EXPECT_GE(fd, 0);
  EXPECT_EQ(::write(fd, documents.data(), documents.size()), static_cast<ssize_t>(documents.size()));
  ::close(fd);
  const std::string command =
      "/usr/bin/python3 " BAILIFF_VALIDATE " " BAILIFF_DOCS "/" + schema + " < " + path + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string said;
  for (int c; (c = std::fgetc(pipe)) != EOF;) said.push_back(static_cast<char>(c));
  const int status = ::pclose(pipe);
  ::unlink(path);
  if (status != 0 && said.empty()) said = "validate.py: wait status " + std::to_string(status);
  return said;
}

json shell(const std::string& script, json more = json::object()) {
  more["argv"] = {"/bin/sh", "-c", script};
  return more;
}

TEST(Schema, FitsResultsOfAllKinds) {
  const json runs = json::array({
      program_spec("nothing"),
      shell("echo text; printf '\\377' >&2; exit 3"),
      program_spec("die", {"segv"}),
      program_spec("die", {"raise", "9"}),
      limited(program_spec("burn", {"threads", "60000", "2"}), {{"cpu_time_ms", 100}}),
      limited(program_spec("hog", {"main", "0", "60000"}), {{"wall_time_ms", 100}}),
      limited(program_spec("hog", {"main", "100", "10000"}), {{"memory_bytes", 32 << 20}}),
      limited(program_spec("emit", {"1", "100000"}), {{"output_bytes", 1000}}),
      limited(program_spec("fill", {"file", "2000000"}), {{"file_size_bytes", 1000000}}),
      limited(program_spec("fill", {"inodes"}), {{"disk_inodes", 20}}),
      limited(program_spec("crowd", {"leave", "80"}), {{"processes", 200}}),
      shell("printf '\\000' > a; echo b > b; mkfifo c", {{"collect", {"a", "b", "c", "d/e"}}}),
      json{{"argv", {"./nonesuch"}}},
      json{{"argv", {"/box"}}},
      limited(program_spec("nothing"), {{"cpu_time_ms", nullptr}, {"memory_bytes", nullptr}, {"stack_bytes", nullptr},
                                        {"file_size_bytes", nullptr}, {"disk_inodes", nullptr}}),
  });
  std::string lines;
  std::set<std::string> kinds;
  for (const json& spec : runs) {
    const Answer answer = run(spec);
    kinds.insert(result_of(answer)["status"].get<std::string>());
    ASSERT_EQ(answer.raw.find('\n'), answer.raw.size() - 1) << "not one line";
    EXPECT_EQ(answer.stderr_text, "");
    lines += answer.raw;
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"FE", "MLE", "OK", "OLE", "RE", "TLE"}));
  EXPECT_EQ(problems("run-result.schema.json", lines), "");
}

TEST(Schema, FitsErrorsOfAllKinds) {
  std::string lines;
  for (const Answer& answer :
       {run_text("{"), run_text("[]"), run({{"argv", json::array()}}), run({{"argv", {"/bin/true"}}, {"bogus", 1}}),
        run({{"argv", {"/bin/true"}}, {"limits", {{"cpu_time_ms", 0}}}}), run({{"argv", {"/bin/true"}}, {"seccomp", "nonesuch"}}),
        run({{"argv", {"/bin/true"}}, {"require", {{"memory", "magic"}}}}), run({{"argv", {"/bin/true"}}, {"workdir", "/nonesuch"}}),
        run({{"argv", {"/bin/true"}}, {"stdin", {{"path", "/nonesuch"}}}}), call({"run", "/nonesuch"})}) {
    (void)error_of(answer);
    EXPECT_EQ(answer.stderr_text, "");
    lines += answer.raw;
  }
  EXPECT_EQ(problems("error.schema.json", lines), "");
}

TEST(Schema, IsNoRubberStamp) {
  json result = result_of(run(program_spec("nothing")));
  result["status"] = "FINE";
  EXPECT_NE(problems("run-result.schema.json", result.dump() + "\n"), "");
  result = result_of(run(program_spec("nothing")));
  result["surprise"] = 1;
  EXPECT_NE(problems("run-result.schema.json", result.dump() + "\n"), "");
}

}  // namespace
}  // namespace bailiff::test
