#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "jail/box.h"
#include "seccomp/filter.h"
#include "spec/run_spec.h"

namespace bailiff {

/// Which mechanism will hold each limit and isolation layer of this run in this box: RunResult.enforced.
///
/// Errors (kRequest, naming the key): `require` asks for a mechanism that is not there; a limit the caller
/// wrote, or a layer, has none at all and is not in `accept_missing`; nor is a layer that something weaker
/// than a namespace stands in for.
Result<std::map<std::string, std::string>> enforce(const RunSpec& spec, const Box& box,
                                                   const Surroundings& surroundings, const Filter& filter);

}  // namespace bailiff
