#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "launcher/docker_client.h"
#include "launcher/lease.h"
#include "launcher/slot.h"

namespace bailiff {

struct Cleared {
  std::vector<std::string> removed = {};  // in words; nothing when there was nothing
  std::string left = {};                  // why there is still a record, in words; empty: there is none
};

/// Removes what the record of this lease names, whose launcher is gone: its container, also one that Docker
/// is still making, the processes that have its id, its slot. Clears the record when all that is gone. What
/// is not in the record is not touched. The container of another daemon is left to a gc that speaks to that
/// one, unless nobody listens at its socket any more.
Cleared clear_record(DockerClient& docker, const CgroupLayout& layout, Lease& lease, Deadline deadline);

/// The first free number whose record is empty: what a launcher that was killed left under it is removed
/// before it is used again. One whose record is a living other daemon's is left to a launcher of that one.
Result<Lease> take_clean_lease(DockerClient& docker, const CgroupLayout& layout, Deadline deadline);

struct Collected {
  std::vector<std::string> removed = {};
  std::vector<std::string> problems = {};
};

/// Removes everything that launchers which were killed left with this daemon: by the records of leases that
/// nobody holds, and by the labels of containers whose owner is dead or whose deadline is over, unless a
/// launcher is at work under a lease with that container on record.
Result<Collected> collect_garbage(DockerClient& docker, Deadline deadline);

}  // namespace bailiff
