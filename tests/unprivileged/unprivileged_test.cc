// A supervisor that was started by somebody who is not root: what it says of itself, and where it cannot work.

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
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

/// A cgroup v2 directory given to the user the supervisor runs as, with this process in it while it lives: what
/// Delegate=yes makes (systemd.resource-control(5)).
class DelegatedGroup {
 public:
  DelegatedGroup() {
    for (const char* tree : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
      if (std::filesystem::exists(std::string(tree) + "/cgroup.procs")) {
        tree_ = tree;
        break;
      }
    }
    path_ = tree_ + "/unprivileged_test-" + std::to_string(::getpid());
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
      if (line.starts_with("0::")) before_ = tree_ + line.substr(3);
    }
    constexpr uid_t kUser = 61'234;  // tests/support/unprivileged_supervisor.cc
    made_ = ::mkdir(path_.c_str(), 0755) == 0 && enter(path_);
    for (const char* file : {"", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"}) {
      made_ = made_ && ::chown((path_ + file).c_str(), kUser, kUser) == 0;
    }
  }
  ~DelegatedGroup() {
    EXPECT_TRUE(enter(before_));
    EXPECT_EQ(::rmdir(path_.c_str()), 0) << "something is left in " << path_;
  }
  DelegatedGroup(const DelegatedGroup&) = delete;
  DelegatedGroup& operator=(const DelegatedGroup&) = delete;
  [[nodiscard]] bool made() const { return made_; }

 private:
  static bool enter(const std::string& group) {
    std::ofstream procs(group + "/cgroup.procs");
    return static_cast<bool>(procs << "0" << std::flush);
  }
  std::string tree_, path_, before_;
  bool made_ = false;
};

TEST(Unprivileged, CountsInACgroupThatWasDelegatedToIt) {
  const DelegatedGroup group;
  ASSERT_TRUE(group.made());
  const Answer answer = run(program_spec("nothing"));
  EXPECT_EQ(result_of(answer)["cpu_time"]["source"], "cgroup") << answer.raw;
  EXPECT_EQ(result_of(answer)["cpu_time"]["complete"], true);
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
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 2) << status;
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
