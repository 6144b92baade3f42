#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "seccomp/calls.h"
#include "supervisor/base/result.h"

namespace bailiff {

/// What becomes of a system call: a SECCOMP_RET_* value with its data (seccomp(2)).
struct Action {
  std::uint32_t value = 0;
  bool operator==(const Action&) const = default;
};

extern const Action kAllow;
extern const Action kNotify;
extern const Action kTrap;
extern const Action kKill;
extern const Action kSkip;  ///< the call is not made and returns 0
Action errno_action(std::uint16_t code);

/// As a profile writes it, but for the errno's name: "allow", "errno 38".
std::string text_of(Action action);

/// One test of one argument. All arithmetic is unsigned; unless `wide`, on the argument's lower 32 bits
/// alone, which is all the kernel looks at when it declares the argument an int.
enum class Comparison {
  kOneOf,       ///< (argument & mask) is one of `values`; "equals" is this with one value
  kNoneOf,      ///< it is none of them; "not_equals" is this with one value
  kHasBits,     ///< all bits of values[0] are set
  kHasAnyBits,  ///< at least one is
  kLacksBits,   ///< none is
  kLessThan,    ///< below values[0]
  kAtMost,
  kGreaterThan,
  kAtLeast,
};

struct Condition {
  unsigned arg = 0;
  Comparison test = Comparison::kOneOf;
  std::uint64_t mask = ~std::uint64_t{0};  ///< of kOneOf and kNoneOf only
  std::vector<std::uint64_t> values = {};
  bool wide = false;
  std::string text = {};  ///< as written, for listings: "flags has_any_bits CLONE_NEWUSER"
};

/// What one rule says about one call. A rule that names five calls becomes five of these.
struct CallRule {
  std::string call;
  std::vector<Condition> when = {};  ///< all must hold; none: the rule always holds
  Action action = {};
  std::string because = {};
  std::string source = {};  ///< "default.json: rules[3]"
};

/// A profile as read, its `extends` resolved, its constants evaluated for one machine.
///
/// Of the rules about one call, those with conditions are tried in their order, then the one without, then
/// `otherwise`; `unknown_calls` is for numbers that have no name in our tables.
struct Profile {
  std::string name;
  std::string about;
  Action otherwise = {};
  Action unknown_calls = {};
  std::vector<CallRule> rules = {};
};

/// Reads `path` and the profiles it extends, from the same folder.
///
/// Calls that exist on some machine of ours but not on `arch` are left out of `rules`.
/// Errors name the file, the rule by its index, and the reason. The grammar is docs/seccomp.md.
Result<Profile> load_profile(const std::string& path, Arch arch);

}  // namespace bailiff
