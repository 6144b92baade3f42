#include "seccomp/compile.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <random>
#include <string>

#include "tests/support/bpf_interpreter.h"
#include "tests/unit/seccomp/profile_files.h"

namespace bailiff {
namespace {

CompiledFilter must_compile(const Profile& profile, Arch arch) {
  auto filter = compile(profile, arch);
  if (!filter) {
    ADD_FAILURE() << filter.error().message();
    return {};
  }
  EXPECT_EQ(why_not_loadable(filter->code), "");
  return std::move(*filter);
}

std::uint32_t verdict_of(const CompiledFilter& filter, const seccomp_data& call) {
  return interpret(filter.code, call).value;
}

Profile allow_all() {
  return {.name = "test", .about = "a test", .otherwise = kAllow, .unknown_calls = errno_action(ENOSYS)};
}

Profile with_condition(const Condition& condition) {
  Profile profile = allow_all();
  profile.rules.push_back(
      {.call = "mmap", .when = {condition}, .action = errno_action(EPERM), .because = "a test"});
  return profile;
}

// --- what a profile means, said a second time and without any BPF
// ----------------------------------------------

bool holds(const Condition& condition, const seccomp_data& call) {
  const std::uint64_t visible = condition.wide ? ~std::uint64_t{0} : 0xffffffff;
  const std::uint64_t value = call.args[condition.arg] & visible;
  const std::uint64_t first = condition.values[0];
  const bool listed = std::ranges::find(condition.values, value & condition.mask) != condition.values.end();
  switch (condition.test) {
    case Comparison::kOneOf:
      return listed;
    case Comparison::kNoneOf:
      return !listed;
    case Comparison::kHasBits:
      return (value & first) == first;
    case Comparison::kHasAnyBits:
      return (value & first) != 0;
    case Comparison::kLacksBits:
      return (value & first) == 0;
    case Comparison::kLessThan:
      return value < first;
    case Comparison::kAtMost:
      return value <= first;
    case Comparison::kGreaterThan:
      return value > first;
    case Comparison::kAtLeast:
      return value >= first;
  }
  return false;
}

std::uint32_t meaning(const Profile& profile, Arch arch, const seccomp_data& call) {
  const auto name = call_name(arch, static_cast<std::uint32_t>(call.nr));
  if (!name) return profile.unknown_calls.value;
  const CallRule* unconditional = nullptr;
  for (const CallRule& rule : profile.rules) {
    if (rule.call != *name) continue;
    if (rule.when.empty()) {
      unconditional = &rule;
    } else if (std::ranges::all_of(rule.when,
                                   [&](const Condition& condition) { return holds(condition, call); })) {
      return rule.action.value;
    }
  }
  return unconditional != nullptr ? unconditional->action.value : profile.otherwise.value;
}

/// Profiles, and calls near the edges of what they test. Seeded: a failure repeats.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }

  std::uint64_t value(bool wide) {
    std::uint64_t result = 0;
    switch (below(4)) {
      case 0:
        result = below(5);
        break;
      case 1:
        result = std::uint64_t{1} << below(64);
        break;
      case 2:
        result = engine_();
        break;
      default:
        result = ~below(3);
        break;
    }
    return wide ? result : result & 0xffffffff;
  }

  Condition condition() {
    Condition result;
    result.arg = static_cast<unsigned>(below(6));
    result.test = static_cast<Comparison>(below(9));
    result.wide = below(2) == 0;
    const bool compares_values = result.test == Comparison::kOneOf || result.test == Comparison::kNoneOf;
    if (compares_values && below(2) == 0) result.mask = value(result.wide);
    const std::uint64_t count = compares_values ? 1 + below(4) : 1;
    for (std::uint64_t i = 0; i < count; ++i) {
      std::uint64_t one = value(result.wide) & result.mask;
      if (!compares_values && one == 0) one = 1;
      result.values.push_back(one);
    }
    return result;
  }

  Action action() {
    const Action actions[] = {kAllow, kKill, kTrap, kNotify, errno_action(EPERM), errno_action(ENOSYS)};
    return actions[below(std::size(actions))];
  }

  Profile profile() {
    const char* calls[] = {"read",  "openat", "clone",           "mmap", "socket", "cachestat",
                           "mseal", "open",   "rseq_slice_yield"};
    Profile result{.name = "dice", .about = "thrown", .otherwise = action(), .unknown_calls = action()};
    for (const char* call : calls) {
      const std::uint64_t rules = below(4);
      for (std::uint64_t i = 0; i < rules; ++i) {
        CallRule rule{.call = call, .action = action(), .because = "thrown"};
        const std::uint64_t conditions = 1 + below(3);
        for (std::uint64_t k = 0; k < conditions; ++k) rule.when.push_back(condition());
        result.rules.push_back(rule);
      }
      if (below(2) == 0) result.rules.push_back({.call = call, .action = action(), .because = "thrown"});
    }
    return result;
  }

  /// Arguments that are, or nearly are, what the profile compares with.
  std::uint64_t argument(const Profile& profile, std::uint64_t arg) {
    std::vector<std::uint64_t> interesting = {0, engine_()};
    for (const CallRule& rule : profile.rules) {
      for (const Condition& condition : rule.when) {
        if (condition.arg != arg) continue;
        for (const std::uint64_t one : condition.values) {
          for (const std::uint64_t near : {one, one - 1, one + 1, ~one}) interesting.push_back(near);
          interesting.push_back(one ^ (std::uint64_t{1} << below(64)));
          interesting.push_back(one | (engine_() << 32));
          interesting.push_back((one & condition.mask) | (engine_() & ~condition.mask));
        }
      }
    }
    return interesting[below(interesting.size())];
  }

 private:
  std::mt19937_64 engine_;
};

TEST(Compile, MeansWhatTheProfileSaysForAnyProfileAndCall) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    Dice dice(seed);
    const Profile thrown = dice.profile();
    for (const Arch arch : kArches) {
      Profile profile = thrown;
      std::erase_if(profile.rules, [arch](const CallRule& rule) { return !call_number(arch, rule.call); });
      const CompiledFilter filter = must_compile(profile, arch);
      for (int i = 0; i < 400; ++i) {
        // Half of the calls are ones with rules; the rest any number there is, and a bit beyond.
        std::uint32_t number = static_cast<std::uint32_t>(dice.below(500));
        if (i % 2 == 0 && !profile.rules.empty()) {
          number = *call_number(arch, profile.rules[dice.below(profile.rules.size())].call);
        }
        std::array<std::uint64_t, 6> args{};
        for (std::size_t arg = 0; arg < args.size(); ++arg) args[arg] = dice.argument(profile, arg);
        const seccomp_data call = call_data(arch, number, args);
        ASSERT_EQ(verdict_of(filter, call), meaning(profile, arch, call))
            << "seed " << seed << " " << arch_name(arch) << " call " << number << " number " << i;
      }
    }
  }
}

TEST(Compile, IgnoresGarbageAboveAThirtyTwoBitArgument) {
  const std::uint64_t garbage = 0xdeadbeef00000000;
  for (const Comparison test : {Comparison::kOneOf, Comparison::kHasBits, Comparison::kHasAnyBits,
                                Comparison::kAtLeast, Comparison::kAtMost}) {
    const CompiledFilter filter =
        must_compile(with_condition({.arg = 2, .test = test, .values = {7}}), Arch::kX86_64);
    EXPECT_EQ(verdict_of(filter, call_data(Arch::kX86_64, 9, {0, 0, garbage | 7})),
              errno_action(EPERM).value);
  }
  for (const Comparison test :
       {Comparison::kNoneOf, Comparison::kLacksBits, Comparison::kLessThan, Comparison::kGreaterThan}) {
    const CompiledFilter filter =
        must_compile(with_condition({.arg = 2, .test = test, .values = {7}}), Arch::kX86_64);
    EXPECT_EQ(verdict_of(filter, call_data(Arch::kX86_64, 9, {0, 0, garbage | 7})), kAllow.value);
  }
}

TEST(Compile, LooksAtAllOfAWideArgument) {
  const CompiledFilter filter = must_compile(
      with_condition({.arg = 1, .test = Comparison::kOneOf, .values = {7}, .wide = true}), Arch::kX86_64);
  EXPECT_EQ(verdict_of(filter, call_data(Arch::kX86_64, 9, {0, 7})), errno_action(EPERM).value);
  EXPECT_EQ(verdict_of(filter, call_data(Arch::kX86_64, 9, {0, 0x100000007})), kAllow.value);
}

TEST(Compile, KillsOtherMachines) {
  for (const Arch arch : kArches) {
    const CompiledFilter filter = must_compile(allow_all(), arch);
    seccomp_data call = call_data(arch, *call_number(arch, "read"));
    EXPECT_EQ(verdict_of(filter, call), kAllow.value);
    constexpr std::uint32_t kOthers[] = {AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_RISCV64, 0};
    for (const std::uint32_t other : kOthers) {
      call.arch = other;
      EXPECT_EQ(verdict_of(filter, call), kKill.value) << other;
    }
    call.arch = arch == Arch::kX86_64 ? AUDIT_ARCH_AARCH64 : AUDIT_ARCH_X86_64;
    EXPECT_EQ(verdict_of(filter, call), kKill.value);
  }
}

TEST(Compile, KillsX32) {
  const CompiledFilter filter = must_compile(allow_all(), Arch::kX86_64);
  for (const std::uint32_t number : {0U, 1U, 59U, 435U, 520U, 0x3ffffffeU}) {
    EXPECT_EQ(verdict_of(filter, call_data(Arch::kX86_64, 0x40000000 | number)), kKill.value) << number;
  }
}

TEST(Compile, GivesNumbersWithoutANameToUnknownCalls) {
  Profile profile = allow_all();
  profile.unknown_calls = errno_action(ENOSYS);
  for (const Arch arch : kArches) {
    const CompiledFilter filter = must_compile(profile, arch);
    for (const std::uint32_t number : {472U, 473U, 512U, 547U, 1000U, 0x3fffffffU, 0xffffffffU}) {
      EXPECT_EQ(verdict_of(filter, call_data(arch, number)), errno_action(ENOSYS).value) << number;
    }
    EXPECT_EQ(verdict_of(filter, call_data(arch, 471)), kAllow.value);
  }
  const CompiledFilter x86_64 = must_compile(profile, Arch::kX86_64);
  EXPECT_EQ(verdict_of(x86_64, call_data(Arch::kX86_64, 335)), kAllow.value);  // uretprobe
  EXPECT_EQ(verdict_of(x86_64, call_data(Arch::kX86_64, 337)), errno_action(ENOSYS).value);
  const CompiledFilter aarch64 = must_compile(profile, Arch::kAarch64);
  EXPECT_EQ(verdict_of(aarch64, call_data(Arch::kAarch64, 244)), errno_action(ENOSYS).value);
}

TEST(Compile, FindsAnyCallOfALongAllowListInFewSteps) {
  Profile profile{.name = "long", .about = "a test", .otherwise = kKill, .unknown_calls = kKill};
  for (std::uint32_t number = 0; number < 330; ++number) {
    profile.rules.push_back(
        {.call = *call_name(Arch::kX86_64, number), .action = kAllow, .because = "a test"});
  }
  const CompiledFilter filter = must_compile(profile, Arch::kX86_64);
  for (std::uint32_t number = 0; number < 330; ++number) {
    const BpfVerdict verdict = interpret(filter.code, call_data(Arch::kX86_64, number));
    EXPECT_EQ(verdict.value, kAllow.value) << number;
    EXPECT_LT(verdict.steps, 25U) << number;
  }
}

TEST(Compile, RefusesAProfileTheKernelWouldNotTake) {
  Profile profile = allow_all();
  for (std::uint64_t i = 0; i < 90; ++i) {
    CallRule rule{.call = "mmap", .action = kTrap, .because = "a test"};
    Condition condition{.arg = 1, .test = Comparison::kOneOf, .wide = true};
    for (std::uint64_t value = 0; value < 20; ++value) condition.values.push_back(i * 100 + value);
    rule.when = {condition};
    profile.rules.push_back(rule);
  }
  const auto filter = compile(profile, Arch::kX86_64);
  ASSERT_FALSE(filter);
  EXPECT_TRUE(filter.error().what.ends_with("instructions, the kernel takes 4096")) << filter.error().what;
}

TEST(Compile, ReachesPastWhatAConditionalJumpCan) {
  Profile profile = allow_all();
  CallRule rule{.call = "mmap", .action = kTrap, .because = "a test"};
  for (unsigned arg = 0; arg < 3; ++arg) {
    Condition condition{.arg = arg, .test = Comparison::kNoneOf, .wide = true};
    for (std::uint64_t value = 0; value < 64; ++value) condition.values.push_back(value);
    rule.when.push_back(condition);
  }
  profile.rules.push_back(rule);
  const CompiledFilter filter = must_compile(profile, Arch::kX86_64);
  EXPECT_GT(filter.code.size(), 700U);
  for (const std::uint64_t value : {0U, 31U, 63U}) {
    EXPECT_EQ(verdict_of(filter, call_data(Arch::kX86_64, 9, {value, 64, 64})), kAllow.value);
    EXPECT_EQ(verdict_of(filter, call_data(Arch::kX86_64, 9, {64, 64, value})), kAllow.value);
  }
  EXPECT_EQ(verdict_of(filter, call_data(Arch::kX86_64, 9, {64, 64, 64})), kTrap.value);
}

TEST(Compile, SharesVerdictsAndLoads) {
  // The machine, the number, the call, flags once, two tests of it, three verdicts.
  Profile profile = allow_all();
  profile.unknown_calls = kAllow;
  for (const std::uint64_t bit : {2U, 4U}) {
    profile.rules.push_back({.call = "mmap",
                             .when = {{.arg = 3, .test = Comparison::kHasBits, .values = {bit}}},
                             .action = errno_action(EPERM),
                             .because = "a test"});
  }
  EXPECT_EQ(must_compile(profile, Arch::kAarch64).code.size(), 10U);
}

/// The same profile by libseccomp's own compiler, as far as that can say it: rules without conditions.
std::vector<sock_filter> by_libseccomp(const Profile& profile, Arch arch) {
  const scmp_filter_ctx context = ::seccomp_init(profile.otherwise.value);
  const std::uint32_t machine = arch == Arch::kX86_64 ? SCMP_ARCH_X86_64 : SCMP_ARCH_AARCH64;
  if (machine != ::seccomp_arch_native()) {
    EXPECT_EQ(::seccomp_arch_add(context, machine), 0);
    EXPECT_EQ(::seccomp_arch_remove(context, ::seccomp_arch_native()), 0);
  }
  EXPECT_EQ(::seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), 0);
  for (const CallRule& rule : profile.rules) {
    const int number = ::seccomp_syscall_resolve_name(rule.call.c_str());
    EXPECT_EQ(::seccomp_rule_add_exact_array(context, rule.action.value, number, 0, nullptr), 0) << rule.call;
  }
  std::FILE* file = std::tmpfile();
  EXPECT_EQ(::seccomp_export_bpf(context, ::fileno(file)), 0);
  ::seccomp_release(context);
  std::vector<sock_filter> code(static_cast<std::size_t>(::lseek(::fileno(file), 0, SEEK_END)) /
                                sizeof(sock_filter));
  EXPECT_EQ(::pread(::fileno(file), code.data(), code.size() * sizeof(sock_filter), 0),
            static_cast<ssize_t>(code.size() * sizeof(sock_filter)));
  std::fclose(file);
  return code;
}

TEST(Compile, AgreesWithLibseccomp) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    for (const Arch arch : kArches) {
      Dice dice(seed);
      Profile profile{.name = "dice", .about = "thrown", .otherwise = kKill, .unknown_calls = kKill};
      for (std::uint32_t number = 0; number < kBeyondAllNames; ++number) {
        const auto name = call_name(arch, number);
        if (!name || ::seccomp_syscall_resolve_name(name->c_str()) == __NR_SCMP_ERROR) continue;
        const Action action = dice.action();
        if (action == kKill || dice.below(seed + 1) > 1) continue;
        profile.rules.push_back({.call = *name, .action = action, .because = "thrown"});
      }
      const CompiledFilter filter = must_compile(profile, arch);
      const std::vector<sock_filter> other = by_libseccomp(profile, arch);
      for (std::uint32_t number = 0; number < 600; ++number) {
        for (const std::uint32_t x32 : {0U, 0x40000000U}) {
          const seccomp_data call = call_data(arch, number | x32);
          ASSERT_EQ(verdict_of(filter, call), interpret(other, call).value) << seed << " " << number;
        }
      }
    }
  }
}

TEST(Compile, IsReproducibleAndHashed) {
  const CompiledFilter once = must_compile(allow_all(), Arch::kX86_64);
  const CompiledFilter again = must_compile(allow_all(), Arch::kX86_64);
  EXPECT_EQ(once.sha256, again.sha256);
  EXPECT_EQ(once.sha256.size(), 64U);
  Profile other = allow_all();
  other.unknown_calls = kKill;
  EXPECT_NE(must_compile(other, Arch::kX86_64).sha256, once.sha256);
}

TEST(Compile, ListsDecisionsWithTheirReasons) {
  const ProfileFiles files;
  const auto path =
      files.write("one", profile_with(
                             R"({"action": "errno EPERM", "calls": ["clone"], "because": "no new users",
          "when": [{"arg": "flags", "has_any_bits": "CLONE_NEWUSER"}]})"));
  const CompiledFilter filter = must_compile(load_profile(path, Arch::kX86_64).value(), Arch::kX86_64);
  EXPECT_NE(filter.listing.find(
                "clone (56)\n"
                "  if flags has_any_bits CLONE_NEWUSER: errno 1   # one.json: rules[0]: no new users\n"
                "  allow   # otherwise\n"),
            std::string::npos)
      << filter.listing;
  EXPECT_NE(filter.listing.find("\n0: load machine\n1: if it == 3221225534 go to 2, else to "),
            std::string::npos);
  EXPECT_NE(filter.listing.find("if it has any bit of 0x10000000 go to "), std::string::npos);
}

}  // namespace
}  // namespace bailiff
