#include "bench/support.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bailiff::bench {

void give_up(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.c_str());
  std::exit(1);
}

void give_up_errno(const std::string& what) { give_up(what + ": " + std::strerror(errno)); }

Nanos now() {
  timespec time = {};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::chrono::seconds(time.tv_sec) + Nanos(time.tv_nsec);
}

std::string read_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  struct stat status = {};
  if (fd && ::fstat(fd.get(), &status) == 0) text.reserve(static_cast<std::size_t>(status.st_size));  // 0 in /proc
  std::array<char, 4096> buffer;
  for (ssize_t got; fd && (got = ::read(fd.get(), buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

long proc_number(const std::string& path, std::string_view name) {
  const std::string text = '\n' + read_file(path);
  const std::string line = '\n' + std::string(name) + ':';
  const std::size_t at = text.find(line);
  return at == std::string::npos ? -1 : std::atol(text.c_str() + at + line.size());
}

void pin(int cpu) {
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu), &set);
  if (::sched_setaffinity(0, sizeof set, &set) < 0) give_up_errno("pin to CPU " + std::to_string(cpu));
}

std::vector<int> usable_cpus() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) < 0) give_up_errno("sched_getaffinity");
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<unsigned>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

Spawned spawn(const Words& argv, int pipe_bytes) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) < 0 || ::pipe2(out, O_CLOEXEC) < 0) give_up_errno("pipe");
  for (const int end : {in[0], out[0]}) {
    if (pipe_bytes > 0 && ::fcntl(end, F_SETPIPE_SZ, pipe_bytes) < 0) give_up_errno("F_SETPIPE_SZ");
  }
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) give_up_errno("fork");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  return {pid, UniqueFd(in[1]), UniqueFd(out[0])};
}

void finish(Spawned process) {
  process.in.reset();
  int status = 0;
  if (::waitpid(process.pid, &status, 0) < 0) give_up_errno("waitpid");
  if (status != 0) give_up("a process of the benchmark ended with status " + std::to_string(status));
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) give_up_errno("write");
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

void read_exactly(int fd, void* to, std::size_t size) {
  for (auto* at = static_cast<char*>(to); size > 0;) {
    const ssize_t got = ::read(fd, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) give_up_errno("read");
    if (got == 0) give_up("a process of the benchmark ended early");
    at += got;
    size -= static_cast<std::size_t>(got);
  }
}

std::string Arguments::take(std::string_view name, std::string otherwise) {
  const auto at = std::find(words_.begin(), words_.end(), name);
  if (at == words_.end()) return otherwise;
  if (at + 1 == words_.end()) give_up(std::string(name) + " needs a value");
  std::string value = at[1];
  words_.erase(at, at + 2);
  return value;
}

bool Arguments::take_flag(std::string_view name) {
  const auto at = std::find(words_.begin(), words_.end(), name);
  if (at == words_.end()) return false;
  words_.erase(at);
  return true;
}

const Words& Arguments::rest() const {
  for (const std::string& word : words_) {
    if (word.starts_with("--")) give_up("unknown option " + word);
  }
  return words_;
}

Json& Json::real(std::string_view key, double value) {
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%.3f", value);
  return raw(key, text.data());
}

Json& Json::raw(std::string_view key, std::string_view json) {
  if (!members_.empty()) members_ += ", ";
  members_.append("\"").append(key).append("\": ").append(json);
  return *this;
}

}  // namespace bailiff::bench
