#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bailiff::test {

/// What one call of the real bailiff-supervisor gave.
struct Answer {
  int exit_code = -1;   // of bailiff-supervisor itself; 128+n when it died of a signal
  nlohmann::json json;  // its standard output, parsed; discarded() when that was not JSON
  std::string raw;      // its standard output
  std::string stderr_text;
  pid_t pid = -1;        // what it had; gone now
  long max_rss_kib = 0;  // its own, looked at every 20 ms and whenever it wrote; the program's is not in it
};

/// A bailiff-supervisor that is running, for tests that do something to it meanwhile.
struct Started {
  pid_t pid = -1;
  int in = -1, out = -1, err = -1;  // ours to close; finish() does
};
Started start(const std::vector<std::string>& arguments);
/// Feeds it `input`, reads both streams to their end, waits.
Answer finish(const Started& started, const std::string& input = {});

/// The binary under test: $BAILIFF_SUPERVISOR (a lane's wrapper), else the one this build made.
std::string supervisor_path();

/// `bailiff-supervisor run -` with `spec` on its standard input.
Answer run(const nlohmann::json& spec, const std::vector<std::string>& extra_arguments = {});
/// The same with any text instead of a spec.
Answer run_text(const std::string& text, const std::vector<std::string>& extra_arguments = {});
/// `bailiff-supervisor ARGUMENTS…` with `input` on its standard input.
Answer call(const std::vector<std::string>& arguments, const std::string& input = {});

/// Path of a program built from tests/programs/NAME.c (static).
std::string program_path(const std::string& name);

/// A spec that runs tests/programs/NAME.c with `arguments`.
nlohmann::json program_spec(const std::string& name, std::vector<std::string> arguments = {});

/// What must be the same before and after: processes of box user ids, our cgroup leaves, mounts, entries of
/// /tmp and /dev/shm. Compare two of these; the difference prints as JSON.
nlohmann::json traces();

/// What one supervisor, gone now, left on this machine; an empty object when nothing. Other supervisors may
/// run beside it: processes are those that became children of this test (it is a subreaper), cgroup leaves
/// carry the supervisor's pid, mounts our name, files and System V objects the user id of a box.
nlohmann::json left_behind(pid_t supervisor);

}  // namespace bailiff::test
