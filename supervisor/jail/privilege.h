#pragma once

#include <string>

#include "base/result.h"

namespace bailiff {

/// What this process may do on this host, which decides what a box is made of (docs/operations.md, "Hosts").
enum class Privilege {
  kRoot,           // root with CAP_SYS_ADMIN: every namespace, and a user id of the box's own
  kUserNamespace,  // no privilege: every namespace, inside a new user namespace, under the user id we have
  kPlain,          // root with CAP_SETUID and CAP_SETGID only, as in a plain container: a user id, no namespace
};

/// Asks the kernel what this process holds; makes nothing yet.
///
/// Errors (kHost): root without the capabilities even a plain box takes
Result<Privilege> find_privilege();

/// Why this kernel gave no user namespace to a process without privilege, and the one line that changes it.
/// `error` is the errno of the attempt.
std::string why_no_user_namespace(int error);

}  // namespace bailiff
