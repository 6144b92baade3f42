#include "launcher/slice.h"

#include <thread>
#include <utility>
#include <vector>

#include "launcher/program.h"

namespace bailiff {
namespace {

constexpr Nanos kSystemdTakes = 10s;  // at most; some 10 ms on an idle machine

/// org.freedesktop.systemd1(5); `words`: a method of the manager, the signature of its arguments, they.
ProgramEnd ask_systemd(std::vector<std::string> words, Deadline deadline) {
  std::vector<std::string> argv = {
      "busctl",
      "--allow-interactive-authorization=no",  // never a question on the terminal
      "call",
      "org.freedesktop.systemd1",
      "/org/freedesktop/systemd1",
      "org.freedesktop.systemd1.Manager"};
  argv.insert(argv.end(), words.begin(), words.end());
  ProgramEnd end = run_program(std::move(argv), /*with_errors=*/true, deadline);
  while (!end.output.empty() && end.output.back() == '\n') end.output.pop_back();
  if (end.exit_code != 0 && end.output.empty()) end.output = "busctl is not here, or does not end";
  return end;
}

bool says(const ProgramEnd& end, const char* words) { return end.output.find(words) != std::string::npos; }

std::vector<std::string> start_words(const std::string& name, std::optional<Bytes> memory) {
  // Accounting: under cgroup v1 there is no group without.
  std::vector<std::string> properties = {"CPUAccounting", "b", "true", "MemoryAccounting", "b", "true"};
  if (memory) {
    const std::string bytes = std::to_string(memory->count);
    properties.insert(properties.end(), {"MemoryMax", "t", bytes, "MemorySwapMax", "t", "0"});
  }
  std::vector<std::string> words = {"StartTransientUnit", "ssa(sv)a(sa(sv))", name, "replace"};
  words.push_back(std::to_string(properties.size() / 3));
  words.insert(words.end(), properties.begin(), properties.end());
  words.emplace_back("0");  // no unit besides
  return words;
}

}  // namespace

Result<void> start_slice(const std::string& name, std::optional<Bytes> memory,
                         const std::function<bool()>& has_processes) {
  const Deadline deadline = deadline_in(kSystemdTakes), patience = deadline_in(2s);
  for (;;) {
    const ProgramEnd end = ask_systemd(start_words(name, memory), deadline);
    if (end.exit_code == 0) return {};
    // "Unit … was already loaded or has a fragment file": left by one that was killed, or about to go.
    if (!says(end, " was already loaded") || deadline.left() == Nanos{0})
      return host_error("systemd does not start " + name + ": " + end.output);
    if (!has_processes()) {
      (void)stop_slice(name);
    } else if (patience.left() == Nanos{0}) {
      return host_error(name + " is in use, by a launcher whose leases are not in this one's directory (BAILIFF_STATE)");
    }
    std::this_thread::sleep_for(20ms);
  }
}

Result<void> stop_slice(const std::string& name) {
  const ProgramEnd end = ask_systemd({"StopUnit", "ss", name, "replace"}, deadline_in(kSystemdTakes));
  if (end.exit_code == 0 || says(end, " not loaded")) return {};
  return host_error("systemd does not stop " + name + ": " + end.output +
                    " (it takes root, and systemd's bus: the package dbus)");
}

}  // namespace bailiff
