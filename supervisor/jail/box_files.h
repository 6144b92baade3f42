#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "spec/run_result.h"
#include "spec/run_spec.h"

namespace bailiff {

/// Files into and out of a box, by descriptor from its scratch directory: no path a program could have bent
/// is ever followed. Names have passed check_box_name; here each component is opened with O_NOFOLLOW all the
/// same.

/// What a RunSpec names by a path on the host: opened and not read, so that its bytes go from page cache to
/// box without a stay in our memory.
struct HostFiles {
  std::map<std::string, UniqueFd> files = {};
  UniqueFd stdin_file = {};
};
/// Regular files only: a device has no end and a FIFO may have no writer.
///
/// Errors: kRequest files.<name>.path, stdin.path
Result<HostFiles> open_host_files(const RunSpec& spec);

/// No one file of the host is larger.
constexpr Bytes kMaxHostFile = 1024_MiB;

/// Puts `files` below scratch/box, owned by `owner`. The box is fresh: a name that exists already is an
/// error.
///
/// Errors: kRequest files.<name>  ENOSPC: they do not fit into the disk quota
Result<void> copy_in(int scratch, const std::map<std::string, InputFile>& files, const HostFiles& host,
                     uid_t owner);

/// Files of a box that is used more than once: their bytes lie one after the other in a memfd, so that they
/// cost the supervisor no resident memory and can be put into fresh directories again.
struct SpooledFile {
  std::string name;
  unsigned mode = 0644;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};
struct Spool {
  UniqueFd bytes = {};
  std::vector<SpooledFile> files = {};
};
Result<void> copy_in(int scratch, const Spool& spool, uid_t owner);

/// Reads back `names` from below scratch/box, after the last process is dead. Regular files only, together at
/// most `ceiling` bytes. What cannot be had carries its reason: missing | not_regular | too_big.
Result<std::map<std::string, OutputFile>> copy_out(int scratch, const std::vector<std::string>& names,
                                                   Bytes ceiling);

/// What the segments of an ELF program below scratch/box (elf(5), PT_LOAD) take of its address space before it has done
/// anything; nothing when there is no such file, or it is none.
Bytes fixed_memory(int scratch, const std::string& name);

/// How many regular files of at least `size` bytes are there in box, tmp and shm? Looks at the first few
/// thousand entries only.
std::size_t count_files_of(int scratch, Bytes size);

}  // namespace bailiff
