#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "seccomp/profile.h"
#include "seccomp/profile_json.h"

namespace bailiff {

/// Reads one object of a rule's `when` as a condition on the arguments of `call`.
Result<Condition> read_condition(const nlohmann::json& object, Arch arch, const std::string& call,
                                 const Place& place);

}  // namespace bailiff
