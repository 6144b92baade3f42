// Attacks that need something on the outside: a secret of the host, a socket that listens, another box,
// somebody who kills the supervisor. Each also checks that nothing is left behind.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/supervisor.h"

namespace bailiff::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// A probe (tests/escape/probes) in a small box.
json probe_spec(const std::string& name, std::vector<std::string> arguments, int wall_ms = 15000) {
  arguments.insert(arguments.begin(), "./" + name);
  return {{"argv", arguments},
          {"files", {{name, {{"path", std::string(BAILIFF_PROBES_BUILT) + "/" + name}, {"mode", "0755"}}}}},
          {"limits",
           {{"cpu_time_ms", 5000},
            {"wall_time_ms", wall_ms},
            {"memory_bytes", 67108864},
            {"processes", 16},
            {"disk_bytes", 16777216},
            {"disk_inodes", 200},
            {"output_bytes", 65536}}}};
}

std::string own_name(const std::string& what) {
  return "bailiff-test-" + std::to_string(::getpid()) + "-" + what;
}

/// left_behind(), once what is dying is dead.
json left_behind_soon(pid_t supervisor) {
  json left;
  for (const auto begun = Clock::now(); Clock::now() - begun < 20s; std::this_thread::sleep_for(5ms)) {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    left = left_behind(supervisor);
    if (left.empty()) break;
  }
  return left;
}

/// A supervisor that has been given its spec and runs.
class Running {
 public:
  explicit Running(const json& spec) : started_(start({"run", "-"})) {
    const std::string text = spec.dump();
    EXPECT_EQ(::write(started_.in, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(started_.in);
    started_.in = -1;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (started_.pid > 0) {
      ::kill(started_.pid, SIGKILL);
      EXPECT_EQ(left_behind_soon(wait().pid), json::object());
    }
  }

  [[nodiscard]] pid_t pid() const { return started_.pid; }
  [[nodiscard]] int out() const { return started_.out; }

  /// The processes under this supervisor: its keeper, and what the keeper has.
  [[nodiscard]] std::vector<pid_t> children_of(pid_t parent) const {
    std::vector<pid_t> all;
    const std::string id = std::to_string(parent);
    std::ifstream children("/proc/" + id + "/task/" + id + "/children");
    for (pid_t pid = 0; children >> pid;) all.push_back(pid);
    return all;
  }

  /// Waits until the program has been exec'd.
  [[nodiscard]] pid_t await_program(const std::string& name) const {
    for (const auto begun = Clock::now(); Clock::now() - begun < 20s; std::this_thread::sleep_for(2ms)) {
      for (const pid_t keeper : children_of(started_.pid)) {
        for (const pid_t program : children_of(keeper)) {
          std::string comm;
          std::getline(std::ifstream("/proc/" + std::to_string(program) + "/comm"), comm);
          if (comm == name.substr(0, 15)) return program;
        }
      }
    }
    return -1;
  }

  Answer wait() {
    Answer answer = finish(started_);
    started_ = {};
    return answer;
  }

  void close_out() {
    ::close(started_.out);
    started_.out = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }

 private:
  Started started_;
};

bool is_alive(pid_t pid) {
  std::string stat;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), stat);
  const auto end = stat.rfind(')');
  return end != std::string::npos && stat.size() > end + 2 && stat[end + 2] != 'Z';
}

class FileOfTheHost {
 public:
  explicit FileOfTheHost(std::string path) : path_(std::move(path)) {
    made_ = static_cast<bool>(std::ofstream(path_) << "SECRET");
    ::chmod(path_.c_str(), 0666);
  }
  FileOfTheHost(const FileOfTheHost&) = delete;
  FileOfTheHost& operator=(const FileOfTheHost&) = delete;
  ~FileOfTheHost() { ::unlink(path_.c_str()); }
  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool made_ = false;
};

/// A socket that listens, readable and writable by all; "@name" is an abstract one.
class Listener {
 public:
  explicit Listener(std::string name)
      : name_(std::move(name)), fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    name_.copy(address.sun_path, sizeof address.sun_path - 1);
    const bool abstract = name_.starts_with('@');
    if (abstract) address.sun_path[0] = 0;
    const auto length =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size() + (abstract ? 0 : 1));
    made_ = ::bind(fd_, reinterpret_cast<sockaddr*>(&address), length) == 0 && ::listen(fd_, 5) == 0;
    if (!abstract) ::chmod(name_.c_str(), 0666);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() {
    ::close(fd_);
    if (!name_.starts_with('@')) ::unlink(name_.c_str());
  }
  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool was_called() const {
    pollfd fd = {fd_, POLLIN, 0};
    return ::poll(&fd, 1, 0) > 0;
  }

 private:
  std::string name_;
  int fd_;
  bool made_ = false;
};

void expect_contained(const Answer& answer) {
  EXPECT_EQ(answer.exit_code, 0) << answer.raw << answer.stderr_text;
  EXPECT_EQ(answer.json.value("status", ""), "OK") << answer.raw;
  EXPECT_EQ(answer.json["stdout"].value("text", ""), "contained\n") << answer.raw;
  EXPECT_EQ(left_behind(answer.pid), json::object());
}

TEST(HostSecrets, AreNotInTheBox) {
  std::vector<std::string> paths;
  std::vector<std::unique_ptr<FileOfTheHost>> files;
  for (const std::string directory :
       {"/etc", "/var/tmp", "/var/lib", "/home", "/root", "/srv", "/opt", "/tmp", "/dev/shm", "/run"}) {
    auto file = std::make_unique<FileOfTheHost>(directory + "/" + own_name("secret"));
    if (!file->made()) continue;
    paths.push_back(file->path());
    files.push_back(std::move(file));
  }
  ASSERT_GE(paths.size(), 5U);
  expect_contained(run(probe_spec("open_files", paths)));
}

TEST(HostSockets, CannotBeReached) {
  std::vector<std::string> names;
  std::vector<std::unique_ptr<Listener>> listeners;
  for (const std::string place : {"/tmp/", "/var/tmp/", "/run/", "/dev/shm/", "/srv/", "/home/", "@"}) {
    auto listener = std::make_unique<Listener>(place + own_name("socket"));
    if (!listener->made()) continue;
    names.push_back(listener->name());
    listeners.push_back(std::move(listener));
  }
  ASSERT_GE(names.size(), 4U);

  sockaddr_in any = {};
  any.sin_family = AF_INET;
  socklen_t length = sizeof any;
  const int tcp = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(tcp, reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
  ASSERT_EQ(::listen(tcp, 5), 0);
  ::getsockname(tcp, reinterpret_cast<sockaddr*>(&any), &length);
  names.push_back("tcp:" + std::to_string(ntohs(any.sin_port)));

  expect_contained(run(probe_spec("reach_sockets", names)));
  for (const auto& listener : listeners) EXPECT_FALSE(listener->was_called()) << listener->name();
  pollfd ready = {tcp, POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
  ::close(tcp);
}

TEST(TwoBoxes, CannotMeetWhileBothRun) {
  Running one(probe_spec("meet", {"offer", "30"}, 20000));
  ASSERT_GT(one.await_program("meet"), 0);
  std::this_thread::sleep_for(200ms);
  const Answer answer = run(probe_spec("meet", {"look", "5"}));
  EXPECT_EQ(answer.json["stdout"].value("text", ""), "contained\n") << answer.raw;
  EXPECT_EQ(answer.json.value("status", ""), "OK");
}

TEST(TwoBoxes, CannotMeetOneAfterTheOther) {
  const Answer first = run(probe_spec("meet", {"offer", "0.1"}));
  EXPECT_EQ(first.json.value("status", ""), "OK") << first.raw;
  expect_contained(run(probe_spec("meet", {"look", "5"})));
}

TEST(TwoBoxes, HaveProcessesOfTheirOwnEvenBesideABomb) {
  json bomb = probe_spec("fork_many", {"bomb", "30"}, 20000);
  bomb["limits"]["cpu_time_ms"] = nullptr;
  Running one(bomb);
  ASSERT_GT(one.await_program("fork_many"), 0);
  std::this_thread::sleep_for(100ms);
  const Answer answer = run(probe_spec("fork_many", {"15", "10"}));
  EXPECT_EQ(answer.json["stdout"].value("text", ""), "15\n") << answer.raw;
  EXPECT_EQ(answer.json["residue"]["processes_killed"], 15) << answer.raw;
}

TEST(NextRun, FindsNothingOfTheLast) {
  const Answer first = run(probe_spec("litter", {}));
  EXPECT_EQ(first.json["residue"]["processes_killed"], 8) << first.raw;
  EXPECT_EQ(left_behind(first.pid), json::object());
  expect_contained(run(probe_spec("litter", {"look"})));
}

class SupervisorKilled : public testing::TestWithParam<int> {};

TEST_P(SupervisorKilled, MidRunLeavesNothing) {
  Running run(probe_spec("meet", {"offer", "30"}, 20000));
  const pid_t program = run.await_program("meet");
  ASSERT_GT(program, 0);
  const pid_t supervisor = run.pid();
  ASSERT_EQ(::kill(supervisor, GetParam()), 0);
  const Answer answer = run.wait();
  EXPECT_EQ(answer.raw, "");
  EXPECT_EQ(answer.exit_code, 128 + GetParam());
  for (const auto begun = Clock::now(); is_alive(program) && Clock::now() - begun < 20s;)
    std::this_thread::sleep_for(2ms);
  EXPECT_FALSE(is_alive(program));
  EXPECT_EQ(left_behind_soon(supervisor), json::object());
}

INSTANTIATE_TEST_SUITE_P(By, SupervisorKilled, testing::Values(SIGKILL, SIGTERM, SIGINT, SIGHUP));

TEST(SupervisorKilledWhileABombRuns, LeavesNothing) {
  json bomb = probe_spec("fork_many", {"bomb", "30"}, 20000);
  bomb["limits"]["cpu_time_ms"] = nullptr;
  Running run(bomb);
  ASSERT_GT(run.await_program("fork_many"), 0);
  std::this_thread::sleep_for(100ms);
  const pid_t supervisor = run.pid();
  ::kill(supervisor, SIGKILL);
  (void)run.wait();
  EXPECT_EQ(left_behind_soon(supervisor), json::object());
}

TEST(KeeperKilled, FromOutsideIsAnInternalErrorAndLeavesNothing) {
  Running run(probe_spec("meet", {"offer", "30"}, 20000));
  ASSERT_GT(run.await_program("meet"), 0);
  const std::vector<pid_t> keepers = run.children_of(run.pid());
  ASSERT_EQ(keepers.size(), 1U);
  ASSERT_EQ(::kill(keepers.front(), SIGKILL), 0);
  const Answer answer = run.wait();
  EXPECT_EQ(answer.json.value("status", ""), "IE") << answer.raw;
  EXPECT_EQ(answer.json.value("reason", ""), "lost_child") << answer.raw;
  EXPECT_EQ(left_behind(answer.pid), json::object());
}

TEST(ProgramKilled, FromOutsideIsNotTakenForALimit) {
  Running run(probe_spec("meet", {"offer", "30"}, 20000));
  const pid_t program = run.await_program("meet");
  ASSERT_GT(program, 0);
  ASSERT_EQ(::kill(program, SIGKILL), 0);
  const Answer answer = run.wait();
  EXPECT_EQ(answer.json.value("status", ""), "RE") << answer.raw;
  EXPECT_EQ(answer.json.value("killed_by", ""), "unknown");
  EXPECT_EQ(answer.json["limits_exceeded"], json::array());
}

TEST(ResultPipe, ClosedByItsReaderEndsTheSupervisorAndLeavesNothing) {
  Running run(probe_spec("meet", {"offer", "0.3"}));
  ASSERT_GT(run.await_program("meet"), 0);
  run.close_out();
  const pid_t supervisor = run.pid();
  const Answer answer = run.wait();
  EXPECT_NE(answer.exit_code, 0);
  EXPECT_EQ(left_behind_soon(supervisor), json::object());
}

TEST(SupervisorStopped, ForAWhileStillGivesAResult) {
  Running run(probe_spec("meet", {"offer", "30"}, 1000));
  ASSERT_GT(run.await_program("meet"), 0);
  ::kill(run.pid(), SIGSTOP);
  std::this_thread::sleep_for(1500ms);
  ::kill(run.pid(), SIGCONT);
  const Answer answer = run.wait();
  EXPECT_EQ(answer.json.value("status", ""), "TLE") << answer.raw;
  EXPECT_EQ(answer.json.value("reason", ""), "wall");
  EXPECT_EQ(left_behind(answer.pid), json::object());
}

// What a read-only bind of the host's own directories would let through; an overlay of them does not.

TEST(SharedFiles, CannotBeLockedAsASignalToAnotherBox) {
  Running one(probe_spec("lock_shared_file", {"hold", "/usr/bin/env", "30"}, 20000));
  ASSERT_GT(one.await_program("lock_shared_file"), 0);
  std::this_thread::sleep_for(200ms);
  const Answer answer = run(probe_spec("lock_shared_file", {"look", "/usr/bin/env", "5"}));
  EXPECT_EQ(answer.json["stdout"].value("text", ""), "contained\n") << answer.raw;
}

TEST(HostSockets, BelowUsrCannotBeReached) {
  const Listener listener("/usr/local/" + own_name("socket"));
  ASSERT_TRUE(listener.made()) << "/usr/local is not writable";
  const Answer answer = run(probe_spec("reach_sockets", {listener.name()}));
  EXPECT_EQ(left_behind(answer.pid), json::object());
  EXPECT_FALSE(listener.was_called()) << answer.raw;
  EXPECT_EQ(answer.json["stdout"].value("text", ""), "contained\n") << answer.raw;
}

}  // namespace
}  // namespace bailiff::test
