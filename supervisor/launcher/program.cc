#include "launcher/program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/unique_fd.h"

namespace bailiff {
namespace {

constexpr std::size_t kMaxOutput = 4096;

std::string read_to_end(int fd, Deadline deadline) {
  std::string text;
  while (text.size() < kMaxOutput) {
    pollfd ready = {fd, POLLIN, 0};
    if (::poll(&ready, 1, deadline.left_ms()) <= 0) break;
    std::array<char, 512> some;
    const ssize_t got = ::read(fd, some.data(), some.size());
    if (got <= 0) break;
    text.append(some.data(), static_cast<std::size_t>(got));
  }
  return text;
}

int wait_for(pid_t pid, Deadline deadline) {
  int status = 0;
  pid_t ended = 0;
  while ((ended = ::waitpid(pid, &status, WNOHANG)) == 0) {
    if (deadline.left() == Nanos{0}) {
      ::kill(pid, SIGKILL);
      ended = ::waitpid(pid, &status, 0);
      break;
    }
    std::this_thread::sleep_for(1ms);  // it has closed its output, so that it is about to end
  }
  return ended == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

ProgramEnd run_program(std::vector<std::string> argv, bool with_errors, Deadline deadline) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return {};
  UniqueFd reading(ends[0]), writing(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
  if (with_errors) {
    ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDERR_FILENO);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (std::string& word : argv) words.push_back(word.data());
  words.push_back(nullptr);
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return {};
  writing.reset();
  ProgramEnd end = {.output = read_to_end(reading.get(), deadline)};
  reading.reset();  // what goes on writing is told so
  end.exit_code = wait_for(pid, deadline);
  return end;
}

}  // namespace bailiff
