#pragma once

#include "jail/box.h"
#include "spec/host_report.h"

namespace bailiff {

/// Looks at this host by opening a real box and running a real program in it: nothing is claimed that was not
/// tried.
HostReport probe_host(const Surroundings& surroundings);

}  // namespace bailiff
