#pragma once

#include "seccomp/assembler.h"
#include "seccomp/profile.h"

namespace bailiff {

/// Writes the test of one condition: it falls through when the condition holds, and goes to `fails` when it
/// does not.
void write_condition(Assembler& out, const Condition& condition, Label fails);

}  // namespace bailiff
