#include "jail/uid_lease.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

namespace bailiff {

Result<UidLease> UidLease::take(UidRange range) {
  constexpr const char* kPath = "/run/bailiff/uids";
  UniqueFd fd(::open(kPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd && errno == ENOENT) {
    if (::mkdir("/run/bailiff", 0700) < 0 && errno != EEXIST) return errno_error("mkdir /run/bailiff");
    fd = UniqueFd(::open(kPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  }
  if (!fd) return errno_error(std::string("open ") + kPath);

  // Start at a random place: the next free id is then found at the first try nearly always, and an id just
  // given back is not the next one taken.
  unsigned start = 0;
  (void)::getrandom(&start, sizeof start, GRND_NONBLOCK);  // a poor start only costs tries
  for (uid_t i = 0; i < range.count; ++i) {
    const uid_t candidate = (start + i) % range.count;
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(range.first) + candidate;
    lock.l_len = 1;
    if (::fcntl(fd.get(), F_OFD_SETLK, &lock) == 0) return UidLease(std::move(fd), range.first + candidate);
    if (errno != EAGAIN && errno != EACCES) return errno_error(std::string("lock ") + kPath);
  }
  errno = EBUSY;
  return errno_error("every user id from " + std::to_string(range.first) + " is in use");
}

}  // namespace bailiff
