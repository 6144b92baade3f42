#include "launcher/cpus.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>
#include <sstream>

#include "launcher/lease.h"

namespace bailiff {
namespace {

constexpr unsigned kMaxCpus = 8192;  // CONFIG_NR_CPUS of the largest kernels
constexpr int kAskAgainMs = 3;       // a lock that can be waited for and given up is none of the kernel's
constexpr Deadline kNever = {.at = std::chrono::steady_clock::time_point::max()};

/// Those of this process' affinity.
Result<std::vector<unsigned>> usable_cpus() {
  std::array<cpu_set_t, kMaxCpus / CPU_SETSIZE> set = {};
  if (::sched_getaffinity(0, sizeof set, set.data()) < 0) return errno_error("sched_getaffinity");
  std::vector<unsigned> cpus;
  for (unsigned cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (CPU_ISSET_S(cpu, sizeof set, set.data())) cpus.push_back(cpu);
  }
  return cpus;
}

Result<UniqueFd> open_lock(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return errno_error("open " + path);
  return fd;
}

Result<void> lock_when_free(int fd, const std::string& what, Deadline deadline) {
  while (::flock(fd, LOCK_EX | LOCK_NB) < 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return errno_error("lock " + what);
    if (deadline.left() == Nanos{0}) return Error{Fault::kHost, ETIMEDOUT, "waiting for " + what, {}};
    pollfd cancel = {deadline.cancel_fd, POLLIN, 0};
    if (::poll(&cancel, 1, kAskAgainMs) > 0 && cancel.revents != 0)
      return Error{Fault::kHost, ECANCELED, "waiting for " + what, {}};
  }
  return {};
}

}  // namespace

std::optional<std::vector<unsigned>> parse_cpu_list(const std::string& list) {
  std::vector<unsigned> cpus;
  const auto number = [](const std::string& text) -> std::optional<unsigned> {
    unsigned value = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end || value >= kMaxCpus) return std::nullopt;
    return value;
  };
  std::istringstream parts(list + ",");
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t dash = part.find('-');
    const auto first = number(part.substr(0, dash));
    const auto last = dash == std::string::npos ? first : number(part.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    for (unsigned cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  }
  std::sort(cpus.begin(), cpus.end());
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  return cpus;
}

Result<Cpus> Cpus::choose(const std::string& directory, const std::string& wanted,
                          const std::vector<std::string>& others) {
  Cpus chosen;
  if (wanted == "all") return chosen;
  std::vector<unsigned> numbers;
  if (wanted.empty()) {
    std::map<unsigned, unsigned> taken;
    for (const std::string& list : others) {
      for (const unsigned cpu : parse_cpu_list(list).value_or(std::vector<unsigned>())) ++taken[cpu];
    }
    const std::vector<unsigned> usable = TRY(usable_cpus());
    numbers = {*std::min_element(usable.begin(), usable.end(),
                                 [&](unsigned a, unsigned b) { return taken[a] < taken[b]; })};
    chosen.list_ = std::to_string(numbers[0]);
  } else {
    const auto parsed = parse_cpu_list(wanted);
    if (!parsed) return request_error("--cpus", wanted + " is no list of CPUs: 0, or 2-3,5, or all");
    numbers = *parsed;
    chosen.list_ = wanted;
  }
  for (const unsigned number : numbers) {
    const std::string path = directory + "/" + std::to_string(number);
    UniqueFd run = TRY(open_lock(path));
    chosen.cpus_.push_back({number, std::move(run), TRY(open_lock(path + ".next"))});
  }
  return chosen;
}

Result<Cpus::Turn> Cpus::wait_for_turn(int cancel_fd) const {
  Turn turn;
  Deadline never = kNever;
  never.cancel_fd = cancel_fd;
  for (const Cpu& cpu : cpus_) {
    const std::string what = "CPU " + std::to_string(cpu.number) + ", where another run goes on";
    TRY(lock_when_free(cpu.next.get(), what, never));
    Turn next;
    next.locked_.push_back(cpu.next.get());
    TRY(lock_when_free(cpu.run.get(), what, never));
    turn.locked_.push_back(cpu.run.get());
  }
  return turn;
}

Cpus::Turn::~Turn() {
  for (const int fd : locked_) (void)::flock(fd, LOCK_UN);
}

Result<UniqueFd> lock_choice(const std::string& directory, Deadline deadline) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) return Error{Fault::kHost, failed.value(), "make " + directory, {}};
  UniqueFd fd = TRY(open_lock(directory + "/choice"));
  TRY(lock_when_free(fd.get(), directory + "/choice", deadline));
  return fd;
}

std::string cpus_directory() {
  const std::string leases = lease_directory();
  const char* state = std::getenv("BAILIFF_STATE");
  return (state != nullptr && leases == state ? leases : std::filesystem::path(leases).parent_path().string()) + "/cpus";
}

}  // namespace bailiff
