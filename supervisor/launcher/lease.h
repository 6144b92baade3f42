#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace bailiff {

/// A number no other launcher of this machine has, for as long as this object or its process lives: an
/// exclusive lock (flock) on the file DIRECTORY/NUMBER. The file says which container was made under it, so
/// that whoever finds the lock free knows what a launcher that was killed left. Files are never deleted: two
/// processes could then lock different files of one name.
///
/// A file is a few lines "KEY VALUE"; see LeaseRecord.
struct LeaseRecord {
  std::string socket = {};     // of the Docker daemon
  std::string name = {};       // of the container; written before it is created
  std::string container = {};  // its id; written when create has answered
  std::string slot = {};       // cgroup parent; see Slot
  std::string cpus = {};       // of the container, "0" or "2-3"; empty: all
  [[nodiscard]] bool empty() const { return name.empty() && slot.empty(); }
  bool operator==(const LeaseRecord&) const = default;
};

class Lease {
 public:
  /// The first free number. Its file may have a record of a launcher that was killed: see record().
  /// Errors: EMFILE all are taken; others: the directory cannot be made or written.
  static Result<Lease> take(const std::string& directory);
  /// That very number, if nobody has it.
  static Result<std::optional<Lease>> try_take(const std::string& directory, unsigned number);
  /// What is written under a number, whoever has it; empty where there is nothing.
  static LeaseRecord read(const std::string& directory, unsigned number);
  /// The numbers that have a file.
  static std::vector<unsigned> numbers(const std::string& directory);

  [[nodiscard]] unsigned number() const { return number_; }
  [[nodiscard]] const LeaseRecord& record() const { return record_; }
  /// Replaces the record, in the file as well.
  Result<void> write(LeaseRecord record);
  Result<void> clear() { return write({}); }

 private:
  Lease(UniqueFd fd, unsigned number, LeaseRecord record)
      : fd_(std::move(fd)), number_(number), record_(std::move(record)) {}

  UniqueFd fd_;
  unsigned number_ = 0;
  LeaseRecord record_;
};

/// $BAILIFF_STATE, else /run/bailiff/leases for root, else $XDG_RUNTIME_DIR/bailiff/leases.
std::string lease_directory();

}  // namespace bailiff
