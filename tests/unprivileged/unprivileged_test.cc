// A supervisor that was started by somebody who is not root: what it says of itself, and where it cannot work.

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/integration/result.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

TEST(Unprivileged, HasEveryNamespaceAndSaysWhatHoldsTheUserId) {
  const Answer answer = run(program_spec("nothing"));
  const json& result = result_of(answer);
  EXPECT_EQ(result["status"], "OK") << answer.raw;
  EXPECT_EQ(result["enforced"]["uid"], "user_namespace");
  EXPECT_EQ(result["sandbox"]["namespaces"][0], "user");
  for (const char* layer : {"pid", "mount", "net", "ipc", "uts"}) {
    EXPECT_EQ(result["enforced"][layer], "namespace") << layer;
  }
}

TEST(Unprivileged, RefusesToPretendThatItHasALease) {
  json spec = program_spec("nothing");
  spec["require"] = {{"uid", "lease"}};
  EXPECT_EQ(error_of(run(spec))["key"], "require.uid");
}

TEST(Unprivileged, SaysWhatRootWouldAdd) {
  const Answer answer = call({"check", "--json"});
  EXPECT_EQ(answer.json["usable"], true) << answer.raw;
  EXPECT_EQ(answer.json["mechanisms"]["uid"]["mechanism"], "user_namespace");
  EXPECT_EQ(answer.json["mechanisms"]["uid"]["better"], "lease");
}

/// Runs `check` where user.max_user_namespaces is 0: in a user namespace of this test's own, whose sysctl that is.
std::string checked_without_user_namespaces() {
  int ready[2], go[2], out[2];
  EXPECT_EQ(::pipe(ready) | ::pipe(go) | ::pipe(out), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    char byte = 0;
    if (::unshare(CLONE_NEWUSER) < 0 || ::write(ready[1], "", 1) != 1 || ::read(go[0], &byte, 1) != 1) ::_exit(124);
    std::ofstream limit("/proc/sys/user/max_user_namespaces");
    if (!(limit << "0" << std::flush)) ::_exit(123);
    ::dup2(out[1], 1);
    const std::string path = supervisor_path();
    ::execl(path.c_str(), path.c_str(), "check", nullptr);
    ::_exit(126);
  }
  ::close(out[1]);
  char byte = 0;
  EXPECT_EQ(::read(ready[0], &byte, 1), 1);
  for (const char* map : {"uid_map", "gid_map"}) {
    std::ofstream("/proc/" + std::to_string(pid) + "/" + map) << "0 0 100000";
  }
  EXPECT_EQ(::write(go[1], "", 1), 1);
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = ::read(out[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(got));
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  for (const int fd : {ready[0], ready[1], go[0], go[1], out[0]}) ::close(fd);
  return text;
}

TEST(Unprivileged, CheckNamesTheSysctlThatForbidsIt) {
  const std::string text = checked_without_user_namespaces();
  EXPECT_NE(text.find("usable: no"), std::string::npos) << text;
  EXPECT_NE(text.find("sysctl user.max_user_namespaces="), std::string::npos) << text;
}

}  // namespace
}  // namespace bailiff::test
