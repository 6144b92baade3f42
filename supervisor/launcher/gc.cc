#include "launcher/gc.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <set>
#include <thread>

#include "base/unique_fd.h"
#include "launcher/container.h"

namespace bailiff {
namespace {

constexpr Nanos kCreateTakes = 3s;  // between a create whose client is gone and its container in the list

/// The id of the container a record names; empty when there is none.
Result<std::string> find_recorded(DockerClient& docker, const LeaseRecord& record, Deadline deadline) {
  // Without an id the launcher died in the middle of create, and the daemon may still be at it.
  const Deadline patience = deadline.within(record.container.empty() ? kCreateTakes : Nanos{0});
  for (;;) {
    Result<std::string> id = docker.find(record.name, deadline);
    if (id || !is_not_found(id.error())) return id;
    if (patience.left() == Nanos{0}) return std::string();
    std::this_thread::sleep_for(100ms);
  }
}

/// Whether there was one.
Result<bool> remove_recorded(DockerClient& docker, const LeaseRecord& record, Deadline deadline) {
  const std::string id = TRY(find_recorded(docker, record, deadline));
  if (id.empty()) return false;
  TRY(docker.remove(id, deadline));
  return true;
}

/// Nobody listens at its socket. Any other failure to connect says nothing.
bool daemon_is_gone(const std::string& socket) {
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  if (socket.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, socket.data(), socket.size());
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return false;
  return errno == ENOENT || errno == ECONNREFUSED;
}

bool overdue(const ContainerInfo& container) {
  const auto label = container.labels.find(kLabelDeadline);
  if (label == container.labels.end()) return false;
  const long long deadline = std::strtoll(label->second.c_str(), nullptr, 10);
  return deadline > 0 && deadline < static_cast<long long>(std::time(nullptr));
}

}  // namespace

Cleared clear_record(DockerClient& docker, const CgroupLayout& layout, Lease& lease, Deadline deadline) {
  Cleared cleared;
  const LeaseRecord record = lease.record();
  if (record.empty()) return cleared;
  if (!record.name.empty() && record.socket == docker.socket_path()) {
    const Result<bool> removed = remove_recorded(docker, record, deadline);
    if (!removed) {
      cleared.left = record.name + ": " + removed.error().message();
      return cleared;
    }
    if (*removed) cleared.removed.push_back("container " + record.name);
  } else if (!record.name.empty() && !daemon_is_gone(record.socket)) {
    cleared.left = record.name + " belongs to the Docker daemon at " + record.socket;
    return cleared;
  }
  // Of a daemon that is gone there are but processes and the slot; should it come back with the container, that
  // has a label with its owner.
  kill_processes_of(record.container);
  if (!record.slot.empty()) {
    if (const Result<void> removed = clear_slot(layout, record.slot); !removed) {
      cleared.left = "slot " + record.slot + ": " + removed.error().message();
      return cleared;
    }
    cleared.removed.push_back("slot " + record.slot);
  }
  if (const Result<void> written = lease.clear(); !written) cleared.left = written.error().message();
  return cleared;
}

Result<Lease> take_clean_lease(DockerClient& docker, const CgroupLayout& layout, Deadline deadline) {
  std::vector<Lease> of_others;
  for (;;) {
    Lease lease = TRY(Lease::take(lease_directory()));
    if (!lease.record().empty()) clear_record(docker, layout, lease, deadline);
    if (lease.record().empty()) return lease;
    of_others.push_back(std::move(lease));
  }
}

Result<Collected> collect_garbage(DockerClient& docker, Deadline deadline) {
  Collected collected;
  const CgroupLayout layout = CgroupLayout::find(TRY(docker.info(deadline)));
  const std::string directory = lease_directory();
  std::set<std::string> at_work;
  for (const unsigned number : Lease::numbers(directory)) {
    Result<std::optional<Lease>> lease = Lease::try_take(directory, number);
    if (!lease) {
      collected.problems.push_back(lease.error().message());
      continue;
    }
    if (!*lease) at_work.insert(Lease::read(directory, number).name);
    if (!*lease || (*lease)->record().empty()) continue;  // somebody is at work under it, or all is tidy
    Cleared cleared = clear_record(docker, layout, **lease, deadline);
    for (std::string& what : cleared.removed) collected.removed.push_back(std::move(what));
    if (!cleared.left.empty())
      collected.problems.push_back("lease " + std::to_string(number) + ": " + cleared.left);
  }
  for (const ContainerInfo& container : TRY(docker.list_containers(kLabelOwner, deadline))) {
    // What waits for its CPU may be late.
    if (at_work.contains(container.name)) continue;
    const auto owner = container.labels.find(kLabelOwner);
    if (owner == container.labels.end()) continue;  // asked for, but not sent
    if (owner_may_live(owner->second) && !overdue(container)) continue;
    const Result<void> removed = docker.remove(container.id, deadline);
    if (removed) {
      collected.removed.push_back("container " + container.name);
    } else {
      collected.problems.push_back("container " + container.name + ": " + removed.error().message());
    }
    kill_processes_of(container.id);
  }
  return collected;
}

}  // namespace bailiff
