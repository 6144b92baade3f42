// Every system call number, and random arguments to all of them, from inside the box. Nothing may escape,
// hang or harm the supervisor. In the VM only (label vm, run by tests/vm/lane): a call that should never have
// been possible may do anything. Longer: BAILIFF_FUZZ_CALLS=1000000 BAILIFF_FUZZ_SEED=7.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "tests/support/supervisor.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

std::string from_environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

bool in_vm() { return std::filesystem::is_directory("/sys/firmware/qemu_fw_cfg/by_name/opt/bailiff"); }

/// What a call from inside must not have changed on the machine.
json machine() {
  json seen;
  char name[65] = {};
  ::gethostname(name, sizeof name - 1);
  seen["hostname"] = name;
  seen["umask of /tmp"] = std::filesystem::status("/tmp").permissions() == std::filesystem::perms::all;
  std::string line;
  std::size_t mounts = 0;
  for (std::ifstream table("/proc/self/mountinfo"); std::getline(table, line);) ++mounts;
  seen["mounts"] = mounts;
  std::size_t modules = 0;
  for (std::ifstream table("/proc/modules"); std::getline(table, line);) ++modules;
  seen["modules"] = modules;
  std::getline(std::ifstream("/proc/sys/kernel/core_pattern"), line);
  seen["core_pattern"] = line;
  std::getline(std::ifstream("/proc/sys/kernel/tainted"), line);
  seen["tainted"] = line;
  return seen;
}

json fuzz_spec(const std::string& seed, const std::string& calls, int seconds) {
  return {{"argv", {"./syscall_fuzz", seed, calls, std::to_string(seconds)}},
          {"files", {{"syscall_fuzz", {{"path", BAILIFF_SYSCALL_FUZZ}, {"mode", "0755"}}}}},
          {"limits",
           {{"cpu_time_ms", nullptr},
            {"wall_time_ms", seconds * 1000 + 30000},
            {"memory_bytes", 134217728},
            {"processes", 32},
            {"open_files", 64},
            {"output_bytes", 65536},
            {"disk_bytes", 16777216},
            {"disk_inodes", 1000}}}};
}

/// How many calls a run made, as it said last. A call may well end the fuzzer itself: kill() of its parent is one.
long calls_of(const Answer& answer) {
  std::istringstream lines(answer.json["stdout"].value("text", ""));
  long made = 0;
  for (std::string line; std::getline(lines, line);) made = std::max(made, std::strtol(line.c_str(), nullptr, 10));
  return made;
}

TEST(SyscallFuzz, EveryNumberAndRandomArgumentsLeaveTheMachineAsItWas) {
  if (!in_vm()) GTEST_SKIP() << "only in the VM: tests/vm/run";
  const long calls = std::stol(from_environment("BAILIFF_FUZZ_CALLS", "10000"));
  const auto ends = std::chrono::steady_clock::now() +
                    std::chrono::seconds(std::stoi(from_environment("BAILIFF_FUZZ_SECONDS", "45")));
  std::uint64_t seed = std::stoull(from_environment("BAILIFF_FUZZ_SEED", "1"));
  (void)run(fuzz_spec("1", "0", 1));  // what the first run loads, a module perhaps, is not the fuzzer's doing
  const json before = machine();

  // As often as the fuzzer ends before its time, which any verdict on it may say.
  long made = 0;
  std::map<std::string, int> verdicts;
  for (;; ++seed) {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(ends - std::chrono::steady_clock::now()).count();
    if (made >= calls || (made != 0 && left < 1)) break;
    const int seconds = static_cast<int>(std::max<long>(left, 1));
    const Answer answer = run(fuzz_spec(std::to_string(seed), std::to_string(calls - made), seconds));
    ASSERT_EQ(answer.exit_code, 0) << answer.raw << answer.stderr_text;
    const std::string status = answer.json.value("status", "");
    EXPECT_NE(status, "IE") << answer.raw.substr(0, 2000);
    EXPECT_LT(answer.json["wall_time"].value("ns", 0L), (seconds + 40L) * 1000000000) << "it hung";
    EXPECT_EQ(answer.stderr_text, "");
    EXPECT_EQ(left_behind(answer.pid), json::object());
    EXPECT_EQ(machine(), before);
    const long now = calls_of(answer);
    ASSERT_GT(now, 0) << answer.raw;
    made += now;
    verdicts[status] += 1;
  }
  std::cout << made << " calls, runs by verdict: " << json(verdicts) << ", seeds up to " << seed << "\n";

  // The supervisor and the machine are as good as before.
  const Answer after = run(json{{"argv", {"/usr/bin/true"}}});
  EXPECT_EQ(after.json.value("status", ""), "OK") << after.raw;
}

}  // namespace
}  // namespace bailiff::test
