#include "jail/cgroup_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <sstream>

#include "base/unique_fd.h"

namespace bailiff {
namespace {

UniqueFd open_group(int parent, const std::string& name) {
  return UniqueFd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

/// From the leaves up. We make no groups below ours; somebody with rights outside may have.
void remove_groups_below(int group) {
  for (const std::string& name : groups_in(group)) {
    if (const UniqueFd below = open_group(group, name)) remove_groups_below(below.get());
    ::unlinkat(group, name.c_str(), AT_REMOVEDIR);
  }
}

}  // namespace

std::string slurp(int directory, const char* name) {
  UniqueFd fd(::openat(directory, name, O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  while (fd && (got = ::read(fd.get(), buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

Result<void> put(int directory, const char* name, std::string_view text) {
  UniqueFd fd(::openat(directory, name, O_WRONLY | O_CLOEXEC));
  if (!fd) return errno_error(std::string("open cgroup file ") + name);
  if (::write(fd.get(), text.data(), text.size()) < 0)
    return errno_error(std::string("write cgroup file ") + name);
  return {};
}

std::uint64_t field(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ') {
      std::uint64_t value = 0;
      std::from_chars(line.data() + key.size() + 1, line.data() + line.size(), value);
      return value;
    }
    at = end + 1;
  }
  return 0;
}

std::vector<std::string> groups_in(int directory) {
  std::vector<std::string> names;
  UniqueFd listing(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* dir = listing ? ::fdopendir(listing.get()) : nullptr;
  if (dir == nullptr) return names;
  (void)listing.release();  // closedir() closes it
  while (const dirent* entry = ::readdir(dir)) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  ::closedir(dir);
  return names;
}

void kill_group_one_by_one(int group) {
  for (int round = 0; round < 100; ++round) {
    std::istringstream procs(slurp(group, "cgroup.procs"));
    long pid = 0;
    if (!(procs >> pid)) break;
    do {
      ::kill(static_cast<pid_t>(pid), SIGKILL);
    } while (procs >> pid);
  }
  for (const std::string& name : groups_in(group)) {
    if (const UniqueFd below = open_group(group, name)) kill_group_one_by_one(below.get());
  }
}

void kill_group(int group) {
  if (!put(group, "cgroup.kill", "1")) kill_group_one_by_one(group);
}

bool remove_group(int parent, const std::string& name) {
  const UniqueFd group = open_group(parent, name);
  if (!group) return true;
  for (int i = 0; i < 100; ++i) {
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return true;
    if (errno != EBUSY) return false;
    if (i == 0) kill_group(group.get());
    remove_groups_below(group.get());
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0) return true;
    ::usleep(1000);
  }
  return false;
}

}  // namespace bailiff
