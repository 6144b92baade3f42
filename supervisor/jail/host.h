#pragma once

#include <string>
#include <vector>

#include "jail/box.h"

namespace bailiff {

/// One line of `bailiff-supervisor check`: what this host can enforce, with what, and how to get the rest.
struct HostFact {
  std::string name;       // a name of spec/enforceable.h, or one of a part of the host
  std::string mechanism;  // "none" where there is nothing
  std::string fix;        // one line that gets more; empty when there is nothing to get
};

/// Looks at this host by opening a real box and running a real program in it: nothing is claimed that was not tried.
std::vector<HostFact> probe_host(const Surroundings& surroundings);

}  // namespace bailiff
