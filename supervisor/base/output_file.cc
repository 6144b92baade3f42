#include "base/output_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bailiff {
namespace {

/// A mount that is attached nowhere, or empty: fsopen(2) needs CAP_SYS_ADMIN and Linux 5.2, which gVisor is not. It
/// holds as much as a memfd, which has no limit of its own either.
UniqueFd mount_of_large_folios() {
  const UniqueFd tmpfs(static_cast<int>(::syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC)));
  if (!tmpfs) return {};
  constexpr struct {
    const char *key, *value;
  } kOptions[] = {{"huge", "within_size"}, {"size", "0"}, {"nr_inodes", "0"}, {"mode", "0700"}};
  for (const auto& option : kOptions) {
    if (::syscall(SYS_fsconfig, tmpfs.get(), FSCONFIG_SET_STRING, option.key, option.value, 0) < 0) return {};
  }
  if (::syscall(SYS_fsconfig, tmpfs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) return {};
  return UniqueFd(static_cast<int>(::syscall(SYS_fsmount, tmpfs.get(), FSMOUNT_CLOEXEC,
                                             MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)));
}

}  // namespace

Result<UniqueFd> make_output_file() {
  static const UniqueFd mount = mount_of_large_folios();
  if (mount) {
    UniqueFd file(::openat(mount.get(), ".", O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
    if (file) return file;
  }
  UniqueFd file(::memfd_create("bailiff-output", MFD_CLOEXEC));
  if (!file) return errno_error("memfd_create output");
  return file;
}

}  // namespace bailiff
