#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"

namespace bailiff {

/// Slices of the systemd that runs this host, which alone may make groups in its tree. It is asked over the
/// system's bus by `busctl`, which comes with it; a call takes some 10 ms.

/// Starts the slice of this name ("….slice") with this limit of memory and no swap. One of that name that is there is
/// stopped before, unless somebody is in it. Its groups appear a moment later.
/// Errors: kHost  busctl or the bus is missing, or what systemd says, as who may not ask it; `has_processes` said so
///                for two seconds: it is another launcher's, with other leases
Result<void> start_slice(const std::string& name, std::optional<Bytes> memory,
                         const std::function<bool()>& has_processes);

/// Stops it with all that is in it; nothing to do where there is none. The groups go a moment later.
/// Errors: kHost  as above
Result<void> stop_slice(const std::string& name);

}  // namespace bailiff
