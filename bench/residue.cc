// bench_residue [COUNT [ROUNDS [SUPERVISOR]]]: how long it takes until a thousand processes that a program left behind
// are dead and reaped, by bailiff and by the least code that can do it, in turns. Prints one JSON object.
//
// Without bailiff: the init of a fresh pid namespace starts the same program (tests/programs/crowd.c, "leave"), waits
// for it, sends SIGKILL to all others and waits for them. With bailiff: `overhead.cleanup_ns` of the result, which
// counts from the program's exit until nothing is left, the box included. Needs root.

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace {

using nlohmann::json;

std::int64_t now_ns() {
  timespec time = {};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// The life of the bare init; what it measured goes to `answer`.
int bare_init(const char* crowd, const char* count, volatile std::int64_t* answer) {
  const pid_t program = ::fork();
  if (program == 0) {
    (void)!std::freopen("/dev/null", "w", stdout);
    ::execl(crowd, crowd, "leave", count, static_cast<char*>(nullptr));
    ::_exit(127);
  }
  // Orphans become ours and may not be waited for before the program itself is.
  int status = 0;
  if (::waitpid(program, &status, 0) != program || status != 0) return 1;
  const std::int64_t begun = now_ns();
  ::kill(-1, SIGKILL);
  while (::waitpid(-1, nullptr, __WALL) > 0 || errno == EINTR) {
  }
  *answer = now_ns() - begun;
  return 0;
}

std::int64_t bare(const char* crowd, const char* count) {
  void* shared = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail("mmap");
  auto* answer = static_cast<volatile std::int64_t*>(shared);
  const pid_t outer = ::fork();
  if (outer == 0) {  // unshare(2): the namespace is for the children of who calls it
    if (::unshare(CLONE_NEWPID) < 0) fail("unshare");
    const pid_t init = ::fork();
    if (init == 0) ::_exit(bare_init(crowd, count, answer));
    int status = 0;
    ::waitpid(init, &status, 0);
    ::_exit(status == 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(outer, &status, 0);
  if (status != 0) {
    std::fprintf(stderr, "the bare run failed\n");
    std::exit(1);
  }
  const std::int64_t took = *answer;
  ::munmap(shared, sizeof(std::int64_t));
  return took;
}

std::int64_t with_bailiff(const std::string& supervisor, const std::string& crowd, const std::string& count) {
  const json spec = {
      {"argv", {"./crowd", "leave", count}},
      {"files", {{"crowd", {{"path", crowd}, {"mode", "0755"}}}}},
      {"limits", {{"processes", std::stoi(count) + 10}, {"cpu_time_ms", nullptr}, {"wall_time_ms", 60000}, {"memory_bytes", nullptr}}}};
  char path[] = "/tmp/residue-XXXXXX";
  const int fd = ::mkstemp(path);
  const std::string text = spec.dump();
  if (fd < 0 || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail("spec");
  ::close(fd);
  FILE* pipe = ::popen((supervisor + " run " + path).c_str(), "r");
  std::string answer;
  for (int c; (c = std::fgetc(pipe)) != EOF;) answer.push_back(static_cast<char>(c));
  ::pclose(pipe);
  ::unlink(path);
  const json result = json::parse(answer, nullptr, /*allow_exceptions=*/false);
  if (result.is_discarded() || result.value("status", "") != "OK" ||
      result["residue"]["processes_killed"] != std::stoi(count)) {
    std::fprintf(stderr, "unexpected: %s\n", answer.c_str());
    std::exit(1);
  }
  return result["overhead"]["cleanup_ns"];
}

std::int64_t median(std::vector<std::int64_t> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::string count = argc > 1 ? argv[1] : "1000";
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 15;
  const std::string supervisor = argc > 3 ? argv[3] : BAILIFF_BENCH_SUPERVISOR;
  const std::string crowd = BAILIFF_BENCH_PROGRAMS "/crowd";
  std::vector<std::int64_t> without;
  std::vector<std::int64_t> with;
  for (int i = 0; i < rounds; ++i) {
    without.push_back(bare(crowd.c_str(), count.c_str()));
    with.push_back(with_bailiff(supervisor, crowd, count));
  }
  const json out = {{"processes", std::stoi(count)},
                    {"rounds", rounds},
                    {"bare_median_ns", median(without)},
                    {"bailiff_median_ns", median(with)},
                    {"ratio", static_cast<double>(median(with)) / static_cast<double>(median(without))}};
  std::printf("%s\n", out.dump().c_str());
  return 0;
}
