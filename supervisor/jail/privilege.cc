#include "jail/privilege.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "base/unique_fd.h"

namespace bailiff {
namespace {

bool holds(const __user_cap_data_struct (&sets)[2], unsigned capability) {
  return ((sets[capability / 32].effective >> (capability % 32)) & 1U) != 0;
}

/// Whether this sysctl is there and reads `value`.
bool reads(const char* path, char value) {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  char text[2] = {};
  return fd && ::read(fd.get(), text, sizeof text) == 2 && text[0] == value && text[1] == '\n';
}

}  // namespace

Result<Privilege> find_privilege() {
  if (::geteuid() != 0) return Privilege::kUserNamespace;
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  if (::syscall(SYS_capget, &header, sets) < 0) return errno_error("capget");
  if (holds(sets, CAP_SYS_ADMIN)) return Privilege::kRoot;
  if (holds(sets, CAP_SETUID) && holds(sets, CAP_SETGID)) return Privilege::kPlain;
  return host_error(
      "root without CAP_SETUID and CAP_SETGID: no program could have another user id (docker run "
      "--cap-add SETUID --cap-add SETGID)");
}

std::string why_no_user_namespace(int error) {
  const std::string what = "no user namespace for a process that is not root: ";
  if (reads("/proc/sys/user/max_user_namespaces", '0'))
    return what + "user.max_user_namespaces is 0; as root: sysctl user.max_user_namespaces=10000";
  if (reads("/proc/sys/kernel/unprivileged_userns_clone", '0'))
    return what + "kernel.unprivileged_userns_clone is 0; as root: sysctl kernel.unprivileged_userns_clone=1";
  if (reads("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", '1'))
    return what +
           "AppArmor restricts them; as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a "
           "profile with \"userns,\" for this program";
  return what + std::strerror(error) +
         ": a container's system-call filter, or a chroot, refuses it; run it as root, or outside of that";
}

}  // namespace bailiff
