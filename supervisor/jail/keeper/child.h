#pragma once

#include <linux/securebits.h>

#include "jail/board.h"

namespace bailiff {

/// No exec and no change of user id ever gives a capability again.
inline constexpr int kSecurebits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                   SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                   SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

/// Takes a process made ahead out of the supervisor's sight. False: too late, its run has begun.
bool withdraw(ReadyWord& ready) noexcept;

/// Turns the calling process, a child of the keeper, into the program. Runs on the keeper's memory or a copy of it, so
/// it only reads the plan and writes the report; what it cannot do it reports there as a StepFailure, then
/// exits. `ahead`: its run is not there yet; it waits before the last step for Ready::kGo. With a
/// ChildPlan::listener the caller shares its descriptors with it and afterwards finds the
/// listener among its own, and the program's at 0, 1, 2. Descriptors 0, 1, 2 of the program are `stdio`;
/// `cgroup_procs_fd` is -1 where the clone already placed us.
[[noreturn]] void become_program(Board& board, const int (&stdio)[3], int cgroup_procs_fd,
                                 bool ahead) noexcept;

}  // namespace bailiff
