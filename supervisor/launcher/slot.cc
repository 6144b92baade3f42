#include "launcher/slot.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

#include "launcher/cpus.h"
#include "launcher/deadline.h"
#include "launcher/slice.h"

namespace bailiff {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTop = "bailiff";
constexpr const char* kSlice = ".slice";

bool has_word(const std::string& list, std::string_view word) {
  std::istringstream words(list);
  for (std::string each; std::getline(words, each, ',');) {
    if (each == word) return true;
  }
  return false;
}

std::optional<std::string> read_small(int fd) {
  std::array<char, 4096> text;
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  if (got < 0) return std::nullopt;
  return std::string(text.data(), static_cast<std::size_t>(got));
}
std::optional<std::string> read_small(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd ? read_small(fd.get()) : std::nullopt;
}

bool write_small(const std::string& path, const std::string& text) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// The number behind `key` ("usage_usec 12"), or the whole text when `key` is empty.
std::optional<std::uint64_t> number_in(const std::string& text, std::string_view key) {
  std::size_t at = 0;
  if (!key.empty()) {
    const std::string line = std::string(key) + " ";
    at = text.starts_with(line) ? 0 : text.find("\n" + line);
    if (at == std::string::npos) return std::nullopt;
    at = text.find(' ', at) + 1;
  }
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data() + at, text.data() + text.size(), value);
  return read.ec == std::errc() ? std::optional(value) : std::nullopt;
}
std::optional<std::uint64_t> number_at(const std::string& path, std::string_view key = {}) {
  const auto text = read_small(path);
  return text ? number_in(*text, key) : std::nullopt;
}

const char* limit_file(bool v2) { return v2 ? "/memory.max" : "/memory.limit_in_bytes"; }

bool is_slice(const std::string& name) { return name.ends_with(kSlice); }

/// A slice has no hyphen: systemd would make another one above it, bailiff.slice, which would stay.
std::string name_of(bool slice, unsigned number) {
  return slice ? std::string(kTop) + "_slot" + std::to_string(number) + kSlice
               : "/" + std::string(kTop) + "/slot" + std::to_string(number);
}

/// Of the slot with this name, below a hierarchy's mount point.
std::string path_of(const std::string& name) { return is_slice(name) ? "/" + name : name; }

/// A group's directory has files that no rmdir minds; only directories below it are removed, the deepest
/// first.
Result<void> remove_tree(const std::string& directory) {
  std::error_code failed;
  std::vector<fs::path> below;
  for (const auto& entry : fs::directory_iterator(directory, failed)) {
    if (entry.is_directory(failed) && !entry.is_symlink(failed)) below.push_back(entry.path());
  }
  Result<void> removed;
  for (const fs::path& path : below) {
    if (Result<void> one = remove_tree(path.string()); !one) removed = std::move(one);
  }
  if (::rmdir(directory.c_str()) == 0) return {};
  Result<void> mine = errno_error("remove cgroup " + directory);
  if (::access(directory.c_str(), F_OK) != 0) return {};  // a hierarchy that is read-only says EROFS all the same
  return removed ? mine : removed;
}

void kill_all_in(const std::string& directory) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(directory, failed)) {
    if (entry.is_directory(failed) && !entry.is_symlink(failed)) kill_all_in(entry.path().string());
  }
  std::ifstream procs(directory + "/cgroup.procs");
  for (pid_t pid = 0; procs >> pid;) {
    if (pid > 1) ::kill(pid, SIGKILL);
  }
}

bool has_process(const std::string& directory) {
  if (!read_small(directory + "/cgroup.procs").value_or("").empty()) return true;
  std::error_code failed;
  const fs::directory_iterator entries(directory, failed);
  return std::any_of(begin(entries), end(entries), [&](const fs::directory_entry& entry) {
    return entry.is_directory(failed) && !entry.is_symlink(failed) && has_process(entry.path().string());
  });
}

/// The container's groups go when its last process does, a moment after Docker says that it is removed; a
/// slice's, when systemd has come to it.
Result<void> remove_groups(const std::string& slot, const std::vector<std::string>& directories, bool and_kill) {
  const auto is_there = [](const std::string& directory) { return ::access(directory.c_str(), F_OK) == 0; };
  if (and_kill) {
    for (const std::string& directory : directories) kill_all_in(directory);  // systemd would ask them first
  }
  if (is_slice(slot)) {
    Result<void> stopped = stop_slice(slot);
    // What systemd has started has its groups.
    if (!stopped && std::any_of(directories.begin(), directories.end(), is_there)) return stopped;
  }
  const Deadline patience = deadline_in(is_slice(slot) ? 10s : 2s);
  Result<void> all;
  for (const std::string& directory : directories) {
    Result<void> one = remove_tree(directory);
    while (!one && patience.left() > Nanos{0}) {
      std::this_thread::sleep_for(10ms);
      if (and_kill) kill_all_in(directory);
      one = remove_tree(directory);
    }
    if (!one) all = std::move(one);
    const fs::path top = fs::path(directory).parent_path();
    if (top.filename() == kTop) ::rmdir(top.c_str());  // fails while another slot is there
  }
  return all;
}

/// Gives what is made below `directory` these controllers, as far as there are any: no limit is held by one
/// that is refused, and the caller can tell by what its files are.
void give_controllers(const std::string& directory) {
  for (const char* controller : {"+memory", "+pids", "+cpu"}) {
    (void)write_small(directory + "/cgroup.subtree_control", controller);
  }
}

/// A new group of cgroup v1 has no CPU and no memory node; before it has some of its parent's, nothing below
/// it can be given any, and gVisor does not see to that.
void inherit_cpuset(const std::string& parent, const std::string& directory) {
  for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
    if (read_small(directory + file).value_or("\n") != "\n") continue;
    (void)write_small(directory + file, read_small(parent + file).value_or(""));
  }
}

}  // namespace

std::string slot_name(const CgroupLayout& layout, unsigned number) { return name_of(layout.systemd, number); }

CgroupLayout CgroupLayout::find(const EngineInfo& engine) {
  CgroupLayout layout = {.systemd = engine.cgroup_driver == "systemd", .v2 = engine.cgroup_version == 2};
  if (engine.cgroup_driver == "none") return layout;  // rootless: its containers are in no group of their own
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    // "36 35 0:30 / /sys/fs/cgroup/cpu rw … - cgroup cgroup rw,cpu,cpuacct" (proc(5))
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line), after(line.substr(dash + 3));
    std::string skip, root, where, type, source, options;
    before >> skip >> skip >> skip >> root >> where;
    after >> type >> source >> options;
    if (root != "/" || (type != "cgroup" && type != "cgroup2")) continue;
    layout.mounts.push_back(where);
    const bool v2 = type == "cgroup2";
    if (v2 != layout.v2) continue;
    if (v2 || has_word(options, "cpuacct")) layout.cpu = where;
    if (v2 || has_word(options, "memory")) layout.memory = where;
    if (!v2 && has_word(options, "cpuset")) layout.cpuset = where;
  }
  return layout;
}

Result<Slot> Slot::make(const CgroupLayout& layout, unsigned number, std::optional<Bytes> memory) {
  if (layout.cpu.empty()) return host_error("no cgroup hierarchy that counts CPU time is mounted here");
  Slot slot;
  slot.v2_ = layout.v2;
  slot.parent_ = slot_name(layout, number);
  const std::string below = path_of(slot.parent_);
  slot.cpu_directory_ = layout.cpu + below;
  slot.memory_directory_ = layout.memory.empty() ? "" : layout.memory + below;
  const std::string& cpuset = layout.v2 ? layout.cpu : layout.cpuset;
  if (!cpuset.empty() && !layout.systemd) slot.cpuset_directory_ = cpuset + below;
  for (const std::string& mount : layout.mounts) slot.made_.push_back(mount + below);
  TRY(layout.systemd ? slot.start_slice(memory) : slot.make_directories(layout, memory));
  if (layout.v2) {
    // In a slice systemd does not know it, but leaves it its controllers while a container, which is
    // delegated to Docker, is beside it, and removes it with the slice.
    const std::string boxes = slot.cpu_directory_ + "/boxes";
    give_controllers(slot.cpu_directory_);
    const bool made = ::mkdir(boxes.c_str(), 0755) == 0 || errno == EEXIST;
    const auto has = [&](const char* file) { return ::access((boxes + file).c_str(), F_OK) == 0; };
    if (made && has("/memory.max") && has("/pids.max")) slot.boxes_ = boxes;
  }
  return slot;
}

Result<void> Slot::start_slice(std::optional<Bytes> memory) {
  const auto is_in_use = [this] { return std::any_of(made_.begin(), made_.end(), has_process); };
  if (Result<void> started = bailiff::start_slice(parent_, memory, is_in_use); !started) {
    if (is_in_use()) made_.clear();  // not ours to remove
    return started;
  }
  // systemd has queued it: its directory appears, then the limit in it, in whole pages.
  const auto is_limited = [&] {
    const auto limit = number_at(memory_directory_ + limit_file(v2_));
    return limit && *limit <= memory->count && memory->count - *limit < 4096;
  };
  const bool limits = memory && !memory_directory_.empty();
  for (const Deadline deadline = deadline_in(5s); deadline.left() > Nanos{0};) {
    holds_memory_ = limits && is_limited();
    if (::access(cpu_directory_.c_str(), F_OK) == 0 && holds_memory_ == limits) return {};
    std::this_thread::sleep_for(1ms);
  }
  if (::access(cpu_directory_.c_str(), F_OK) == 0) return {};  // without the limit
  return host_error("systemd has started " + parent_ + ", but there is no " + cpu_directory_);
}

Result<void> Slot::make_directories(const CgroupLayout& layout, std::optional<Bytes> memory) {
  for (const std::string& mount : layout.mounts) {
    if (mount != layout.cpu && mount != layout.memory && mount != layout.cpuset) continue;  // Docker makes it
    const std::string top = mount + "/" + kTop, directory = mount + parent_;
    // Another slot that ends may remove the upper one in between: it is empty then.
    int tries = 0;
    while (::mkdir(directory.c_str(), 0755) < 0 && errno != EEXIST) {
      if (errno != ENOENT || ++tries > 100) return errno_error("make cgroup " + directory);
      if (::mkdir(top.c_str(), 0755) < 0 && errno != EEXIST) return errno_error("make cgroup " + top);
      if (layout.v2) {
        give_controllers(mount);
        give_controllers(top);
      }
    }
    if (mount == layout.cpuset) {
      inherit_cpuset(mount, top);
      inherit_cpuset(top, directory);
    }
  }
  if (memory && !memory_directory_.empty()) {
    holds_memory_ = write_small(memory_directory_ + limit_file(v2_), std::to_string(memory->count));
    if (v2_) (void)write_small(memory_directory_ + "/memory.swap.max", "0");  // absent without swap
  }
  return {};
}

Result<void> Slot::remove() {
  cpu_.reset();
  if (made_.empty()) return {};
  return remove_groups(parent_, std::exchange(made_, {}), /*and_kill=*/false);
}

Result<void> Slot::hold_boxes_to(const std::string& cpus) {
  if (boxes_.empty() || cpus.empty()) return {};
  (void)write_small(cpu_directory_ + "/cgroup.subtree_control", "+cpuset");  // it may have it already
  if (write_small(boxes_ + "/cpuset.cpus", cpus)) return {};
  return errno_error("hold boxes to CPU " + cpus + " (--cpus all does without): write " + boxes_ + "/cpuset.cpus");
}

Nanos Slot::cpu_time() {
  if (!cpu_) {
    const std::string path = cpu_directory_ + (v2_ ? "/cpu.stat" : "/cpuacct.usage");
    cpu_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!cpu_) return kUnknown;
  }
  const auto text = read_small(cpu_.get());
  if (!text) return kUnknown;
  const auto count = number_in(*text, v2_ ? "usage_usec" : "");
  if (!count || *count == 0) return kUnknown;
  return Nanos{static_cast<std::int64_t>(*count) * (v2_ ? 1000 : 1)};
}

std::string Slot::to_start_with(const std::string& cpus) const {
  const auto wanted = parse_cpu_list(cpus);
  if (!wanted || wanted->size() != 1) return {};
  // The nearest group that says which CPUs there are: under v2 not all have the controller.
  const char* file = v2_ ? "/cpuset.cpus.effective" : "/cpuset.cpus";
  std::optional<std::string> usable;
  for (fs::path at = cpuset_directory_; at.has_relative_path() && !usable; at = at.parent_path())
    usable = read_small(at.string() + file);
  const std::string line = usable.value_or("");
  const auto there = parse_cpu_list(line.substr(0, line.find('\n'))).value_or(std::vector<unsigned>());
  for (const unsigned cpu : there) {
    if (cpu != wanted->front()) return cpus + "," + std::to_string(cpu);
  }
  return {};
}

Result<void> Slot::confine(const std::string& container_id, const std::string& cpus) const {
  const std::string file = cpuset_directory_ + "/" + container_id + "/cpuset.cpus";
  if (!write_small(file, cpus)) return errno_error("confine the container to CPU " + cpus + ": write " + file);
  return {};
}

bool Slot::out_of_memory() {
  if (memory_directory_.empty()) return false;
  if (v2_ && !holds_memory_) {
    return number_at(memory_directory_ + "/memory.events", "oom_kill").value_or(0) > 0;
  }
  // Local: that this limit was hit, and not a run's own in one of the boxes below.
  if (v2_) return number_at(memory_directory_ + "/memory.events.local", "oom").value_or(0) > 0;
  if (!holds_memory_) return false;
  // v1 counts kills in the group of the killed, which is gone; here is left that a charge was refused, at a
  // peak that is the limit.
  const auto failures = number_at(memory_directory_ + "/memory.failcnt");
  if (!failures || *failures == 0) return false;
  const auto peak = number_at(memory_directory_ + "/memory.max_usage_in_bytes");
  const auto limit = number_at(memory_directory_ + limit_file(v2_));
  constexpr std::uint64_t kOnePage = 2U << 20;  // a huge one: so far the peak may stay below
  return peak && limit && *peak + kOnePage >= *limit;
}

Result<void> clear_slot(const CgroupLayout& layout, const std::string& cgroup_parent) {
  const std::size_t digits = cgroup_parent.find_first_of("0123456789");
  if (digits == std::string::npos) return {};
  const unsigned number = static_cast<unsigned>(std::strtoul(cgroup_parent.c_str() + digits, nullptr, 10));
  if (cgroup_parent != name_of(is_slice(cgroup_parent), number)) return {};
  std::vector<std::string> directories;
  for (const std::string& mount : layout.mounts) directories.push_back(mount + path_of(cgroup_parent));
  return remove_groups(cgroup_parent, directories, /*and_kill=*/true);
}

}  // namespace bailiff
