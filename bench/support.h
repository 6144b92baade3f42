#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "base/units.h"

/// What every benchmark program needs. No iostream and no JSON library in here: bench_driver has to stay below 1 MiB.
namespace bailiff::bench {

/// Says why on standard error and exits with 1: a figure from a run that went wrong is worth nothing.
[[noreturn]] void give_up(const std::string& why);
/// The same with errno.
[[noreturn]] void give_up_errno(const std::string& what);

/// CLOCK_MONOTONIC.
Nanos now();

/// The whole of a file, /proc included; empty when it cannot be read.
std::string read_file(const std::string& path);
/// The number after "NAME:" in a /proc file of such lines (status, smaps_rollup, meminfo); -1 when it is not there.
long proc_number(const std::string& path, std::string_view name);

/// This process and what it starts from now on, on one CPU; below 0: where the kernel likes.
void pin(int cpu);
/// The CPUs this process may use.
std::vector<int> usable_cpus();

using Words = std::vector<std::string>;

/// A process on two pipes.
struct Spawned {
  pid_t pid = -1;
  UniqueFd in, out;  // named as it has them: we write to `in`
};
/// `pipe_bytes`: size of both pipes; 0: what the kernel gives. Standard error stays ours. Dies with us.
Spawned spawn(const Words& argv, int pipe_bytes = 0);
/// Closes its input, reads nothing more, and waits; not 0 is an error.
void finish(Spawned process);

void write_all(int fd, std::string_view bytes);
/// Exactly `size` bytes.
void read_exactly(int fd, void* to, std::size_t size);

/// Gives one process: "--name VALUE" taken out of the arguments, or `otherwise`.
class Arguments {
 public:
  Arguments(int argc, char** argv) : words_(argv + 1, argv + argc) {}
  std::string take(std::string_view name, std::string otherwise);
  int take(std::string_view name, int otherwise) { return std::stoi(take(name, std::to_string(otherwise))); }
  bool take_flag(std::string_view name);
  /// What is left: modes and their operands.
  [[nodiscard]] const Words& rest() const;

 private:
  Words words_;
};

/// Puts one JSON object together. Texts must need no escaping.
class Json {
 public:
  Json& number(std::string_view key, std::int64_t value) { return raw(key, std::to_string(value)); }
  Json& real(std::string_view key, double value);  // three digits behind the point
  Json& text(std::string_view key, std::string_view value) { return raw(key, '"' + std::string(value) + '"'); }
  Json& raw(std::string_view key, std::string_view json);
  [[nodiscard]] std::string done() const { return '{' + members_ + '}'; }

 private:
  std::string members_;
};

}  // namespace bailiff::bench
