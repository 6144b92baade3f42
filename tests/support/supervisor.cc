#include "tests/support/supervisor.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bailiff::test {
namespace {

using nlohmann::json;

constexpr uid_t kFirstBoxUid = 1'900'000'000;  // UidRange in jail/uid_lease.h

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return names;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(dir);
  return names;
}

/// The largest resident set this process had so far; 0 when it is gone. Unlike ru_maxrss, which wait4 mixes
/// with that of every child the process waited for, and which starts with what its parent had.
long peak_rss_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  }
  return 0;
}

/// Feeds `input`, reads both streams until they end, without the deadlock that one after the other would
/// invite.
void converse(const Started& started, const std::string& input, Answer& answer) {
  const auto [pid, in, out, err] = started;
  std::size_t sent = 0;
  std::array<pollfd, 3> fds = {pollfd{in, POLLOUT, 0}, pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
  std::string* const sinks[3] = {nullptr, &answer.raw, &answer.stderr_text};
  while (fds[1].fd >= 0 || fds[2].fd >= 0) {
    if (fds[0].fd >= 0 && sent == input.size()) {
      ::close(fds[0].fd);
      fds[0].fd = -1;
    }
    ::poll(fds.data(), fds.size(), 20);
    answer.max_rss_kib = std::max(answer.max_rss_kib, peak_rss_kib(pid));
    if (fds[0].fd >= 0 && fds[0].revents != 0) {
      const ssize_t wrote =
          ::write(fds[0].fd, input.data() + sent, std::min<std::size_t>(input.size() - sent, 65536));
      sent = wrote > 0 ? sent + static_cast<std::size_t>(wrote) : input.size();
    }
    for (std::size_t i = 1; i < 3; ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      std::array<char, 65536> buffer;
      const ssize_t got = ::read(fds[i].fd, buffer.data(), buffer.size());
      if (got > 0) {
        sinks[i]->append(buffer.data(), static_cast<std::size_t>(got));
      } else {
        ::close(fds[i].fd);
        fds[i].fd = -1;
      }
    }
  }
  if (fds[0].fd >= 0) ::close(fds[0].fd);
}

/// What a lane's host cannot hold, and every run there has to accept: $BAILIFF_TEST_ACCEPT, names with blanks between.
std::string accepted_everywhere() {
  const char* names = std::getenv("BAILIFF_TEST_ACCEPT");
  return names != nullptr ? names : "";
}

}  // namespace

std::string supervisor_path() {
  const char* chosen = std::getenv("BAILIFF_SUPERVISOR");
  return chosen != nullptr ? chosen : BAILIFF_SUPERVISOR_BUILT;
}

Started start(const std::vector<std::string>& arguments) {
  int in[2], out[2], err[2];
  if (::pipe2(in, O_CLOEXEC) < 0 || ::pipe2(out, O_CLOEXEC) < 0 || ::pipe2(err, O_CLOEXEC) < 0) {
    throw std::runtime_error("pipe2");
  }
  const std::string path = supervisor_path();
  std::vector<char*> argv = {const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_CHILD_SUBREAPER,
          1);  // what a supervisor leaves alive becomes our child: left_behind() sees it
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork");
  if (pid == 0) {
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    ::execv(path.c_str(), argv.data());
    ::_exit(126);
  }
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
  return {pid, in[1], out[0], err[0]};
}

Answer finish(const Started& started, const std::string& input) {
  Answer answer;
  converse(started, input, answer);
  int status = 0;
  ::waitpid(started.pid, &status, 0);
  answer.pid = started.pid;
  answer.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  answer.json = json::parse(answer.raw, nullptr, /*allow_exceptions=*/false);
  return answer;
}

Answer call(const std::vector<std::string>& arguments, const std::string& input) {
  return finish(start(arguments), input);
}

Answer run_text(const std::string& text, const std::vector<std::string>& extra_arguments) {
  std::vector<std::string> arguments = {"run"};
  arguments.insert(arguments.end(), extra_arguments.begin(), extra_arguments.end());
  arguments.emplace_back("-");
  return call(arguments, text);
}

Answer run(const json& spec, const std::vector<std::string>& extra_arguments) {
  json accepting = spec;
  std::istringstream accepted(accepted_everywhere());
  for (std::string name; accepted >> name;) accepting["accept_missing"].push_back(name);
  return run_text(accepting.dump(), extra_arguments);
}

std::string program_path(const std::string& name) { return std::string(BAILIFF_TEST_PROGRAMS) + "/" + name; }

json program_spec(const std::string& name, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "./" + name);
  return {{"argv", arguments}, {"files", {{name, {{"path", program_path(name)}, {"mode", "0755"}}}}}};
}

json traces() {
  json found;
  found["processes"] = json::array();
  for (const std::string& pid : names_in("/proc")) {
    struct stat status = {};
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (::stat(("/proc/" + pid).c_str(), &status) < 0) continue;
    std::string comm;
    std::getline(std::ifstream("/proc/" + pid + "/comm"), comm);
    if (status.st_uid >= kFirstBoxUid || comm.starts_with("bailiff")) found["processes"].push_back(comm);
  }
  found["cgroups"] = json::array();
  for (const char* tree : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    for (const std::string& name : names_in(tree)) {
      if (name.starts_with("bailiff")) found["cgroups"].push_back(name);
    }
  }
  std::size_t mounts = 0;
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) ++mounts;
  found["mounts"] = mounts;
  found["tmp"] = names_in("/tmp").size();
  found["shm"] = names_in("/dev/shm").size();
  return found;
}

json left_behind(pid_t supervisor) {
  json left = json::object();
  const std::string self = std::to_string(::getpid());
  std::ifstream children("/proc/self/task/" + self + "/children");
  for (std::string pid; children >> pid;) {
    std::string comm;
    std::getline(std::ifstream("/proc/" + pid + "/comm"), comm);
    left["processes"].push_back(pid + " " + comm);
  }
  for (const char* tree : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    for (const std::string& name : names_in(tree)) {
      if (name.starts_with("bailiff-" + std::to_string(supervisor) + "-")) left["cgroups"].push_back(name);
    }
  }
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) {
    for (const char* ours : {"bailiff-root", "bailiff-scratch", "lowerdir=/tmp/.empty:"}) {
      if (line.find(ours) != std::string::npos) left["mounts"].push_back(line);
    }
  }
  for (const std::string directory : {"/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue"}) {
    for (const std::string& name : names_in(directory)) {
      const std::string path = directory + "/" + name;
      struct stat status = {};
      if (::lstat(path.c_str(), &status) == 0 && status.st_uid >= kFirstBoxUid) left["files"].push_back(path);
    }
  }
  for (const char* kind : {"shm", "sem", "msg"}) {
    std::ifstream objects(std::string("/proc/sysvipc/") + kind);
    for (std::string line; std::getline(objects, line);) {
      std::istringstream words(line);
      for (std::string word; words >> word;) {
        if (word.size() == 10 && word.starts_with("19000")) left["sysvipc"].push_back(line);
      }
    }
  }
  return left;
}

}  // namespace bailiff::test
