#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "base/unique_fd.h"

namespace bailiff {

/// Which user ids boxes may run under. The default lies in a range that systemd's uid documentation
/// (systemd.io/UIDS-GIDS) lists as unused.
struct UidRange {
  uid_t first = 1'900'000'000;
  uid_t count = 65'536;
};

/// A user id no other box of this machine has while the lease lives: RLIMIT_NPROC counts per uid, and one box
/// must not own another's files. The lease is a lock on one byte of /run/bailiff/uids (F_OFD_SETLK,
/// Linux 3.15), which the kernel drops with the last descriptor, however its holders die; the file itself
/// stays and stays empty.
class UidLease {
 public:
  /// Errors: EACCES, EROFS  /run/bailiff cannot be made (docs/operations.md)
  ///         EBUSY          all ids of the range are taken
  static Result<UidLease> take(UidRange range);

  [[nodiscard]] uid_t uid() const { return uid_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

  UidLease() = default;

 private:
  UidLease(UniqueFd fd, uid_t uid) : fd_(std::move(fd)), uid_(uid) {}
  UniqueFd fd_;
  uid_t uid_ = 0;
};

}  // namespace bailiff
