#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"

namespace bailiff {

/// Ceilings for one run. An empty optional means unlimited; docs/run-spec.md has the range of each.
struct Limits {
  std::optional<Nanos> cpu_time = 1s;       // user + system, whole process tree
  Nanos wall_time = 3s;                     // exec to exit; catches sleepers. Never unlimited
  std::optional<Bytes> memory = 256_MiB;    // peak, whole process tree
  std::optional<Bytes> stack = 256_MiB;     // main thread; RLIMIT_STACK
  Bytes output = 16_MiB;                    // stdout and stderr, each. Never unlimited
  std::optional<Bytes> file_size = 64_MiB;  // any one file written; RLIMIT_FSIZE
  unsigned processes = 64;                  // processes and threads together
  unsigned open_files = 64;                 // descriptor numbers below this; RLIMIT_NOFILE
  Bytes disk = 64_MiB;                      // /box, /tmp and /dev/shm together
  std::optional<std::uint64_t> disk_inodes =
      1000;  // files and directories in the same three; unset = not held
  std::optional<Bytes> address_space = std::nullopt;  // RLIMIT_AS; off: it breaks JVM, Go and Node
  std::optional<Bytes> data_segment = std::nullopt;   // RLIMIT_DATA
  bool operator==(const Limits&) const = default;
};

/// Limits as somebody wrote them, by their key in a RunSpec ("cpu_time_ms"). No value: unlimited.
using GivenLimits = std::map<std::string, std::optional<std::uint64_t>>;

/// Bytes that go into the box: given in the spec, or in a file of the host.
struct Content {
  std::string bytes = {};
  std::string host_path = {};  // set: they are in this file, and `bytes` is empty
  bool operator==(const Content&) const = default;
};

struct InputFile {
  Content content = {};
  unsigned mode = 0644;  // permission bits only; setuid, setgid and sticky are refused
  bool operator==(const InputFile&) const = default;
};

/// One run, as pure data. Its JSON form is docs/run-spec.md.
struct RunSpec {
  std::vector<std::string> argv = {};  // argv[0] contains a '/': absolute in the box, or relative to workdir
  std::map<std::string, std::string> env = {
      {"HOME", "/box"},
      {"LANG", "C.UTF-8"},
      {"PATH", "/usr/local/bin:/usr/bin:/bin"}};  // complete; nothing is inherited
  std::string workdir = "/box";                   // absolute
  std::map<std::string, InputFile> files = {};    // name relative to /box -> file; see check_box_name
  Content stdin_content = {};                     // empty: end of file at once
  std::vector<std::string> collect = {};          // names relative to /box, read back after the run
  Limits limits = {};
  std::string seccomp = "default";
  std::map<std::string, std::string> require = {};  // limit or layer -> mechanism ("memory" -> "cgroup")
  std::set<std::string> accept_missing = {};        // limits and layers that may be absent
  std::set<std::string> given =
      {};  // keys of `limits` the caller wrote: a default may bend to the host, these not
  bool operator==(const RunSpec&) const = default;
};

}  // namespace bailiff
