#include "seccomp/profile.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <ostream>
#include <string>

#include "tests/unit/seccomp/profile_files.h"

namespace bailiff {
namespace {

std::string rule(const std::string& body) {
  std::string text = R"({"because": "a test", )";
  text.append(body).append("}");
  return text;
}

/// A rule about `call` with one condition.
std::string rule_when(const std::string& call, const std::string& condition) {
  std::string text = R"("action": "errno EPERM", "calls": [")";
  text.append(call).append(R"("], "when": [{)").append(condition).append("}]");
  return rule(text);
}

TEST(Profile, KeepsWhatWasWritten) {
  const ProfileFiles files;
  const auto path = files.write("one", profile_with(rule(
                                           R"("action": "errno EPERM", "calls": ["clone", "unshare"],
         "when": [{"arg": "flags", "has_any_bits": "CLONE_NEWUSER|CLONE_NEWNET"}])")));
  const auto profile = load_profile(path, Arch::kX86_64);
  ASSERT_TRUE(profile) << profile.error().what;
  EXPECT_EQ(profile->name, "one");
  EXPECT_EQ(profile->about, "for a test");
  EXPECT_EQ(profile->otherwise, kAllow);
  EXPECT_EQ(profile->unknown_calls, errno_action(ENOSYS));
  ASSERT_EQ(profile->rules.size(), 2U);
  EXPECT_EQ(profile->rules[1].call, "unshare");
  EXPECT_EQ(profile->rules[1].action, errno_action(EPERM));
  EXPECT_EQ(profile->rules[1].because, "a test");
  EXPECT_EQ(profile->rules[1].source, "one.json: rules[0]");
  EXPECT_EQ(profile->rules[1].when.at(0).arg, 0U);
  EXPECT_EQ(profile->rules[1].when.at(0).values, std::vector<std::uint64_t>{0x50000000});
  EXPECT_EQ(profile->rules[1].when.at(0).text, "flags has_any_bits CLONE_NEWUSER|CLONE_NEWNET");
}

TEST(Profile, LeavesOutCallsTheMachineLacks) {
  const ProfileFiles files;
  const auto path =
      files.write("one", profile_with(rule(R"("action": "trap", "calls": ["open", "openat"])")));
  EXPECT_EQ(load_profile(path, Arch::kX86_64)->rules.size(), 2U);
  EXPECT_EQ(load_profile(path, Arch::kAarch64)->rules.size(), 1U);
}

TEST(Profile, LooksForAnArgumentInEachCallByItself) {
  const ProfileFiles files;
  const auto path = files.write(
      "one",
      profile_with(rule(
          R"("action": "trap", "calls": ["mknod", "mknodat"], "when": [{"arg": "mode", "mask": "S_IFMT", "equals": "S_IFCHR"}])")));
  const auto profile = load_profile(path, Arch::kX86_64);
  ASSERT_TRUE(profile) << profile.error().what;
  EXPECT_EQ(profile->rules[0].when[0].arg, 1U);
  EXPECT_EQ(profile->rules[1].when[0].arg, 2U);
}

TEST(Profile, OnlyComparesAnAddressWithNullAndThenAllOfIt) {
  const ProfileFiles files;
  const auto path =
      files.write("one", profile_with(rule_when("prlimit64", R"("arg": "new_limit", "not_equals": "NULL")")));
  const auto profile = load_profile(path, Arch::kX86_64);
  ASSERT_TRUE(profile) << profile.error().what;
  EXPECT_TRUE(profile->rules[0].when[0].wide);
}

TEST(Profile, TakesTheSameCallTwiceWhenTheConditionsDiffer) {
  const ProfileFiles files;
  std::string rules = rule_when("prctl", R"("arg": 0, "equals": "PR_SET_MM")");
  rules.append(",").append(rule_when("prctl", R"("arg": 0, "equals": "PR_SET_NAME")"));
  rules.append(",").append(rule(R"("action": "trap", "calls": ["prctl"])"));
  EXPECT_TRUE(load_profile(files.write("one", profile_with(rules)), Arch::kX86_64));
}

TEST(Extends, PutsBasesFirstAndTheirDefaultsLast) {
  const ProfileFiles files;
  (void)files.write("base", R"({"about": "b", "otherwise": "kill", "rules": [
      {"action": "allow", "calls": ["execve", "exit_group", "clock_gettime", "read"], "because": "start"}]})");
  (void)files.write("more", R"({"about": "m", "extends": "base", "rules": [
      {"action": "allow", "calls": ["write"], "because": "say"}]})");
  const auto path =
      files.write("top", R"({"about": "t", "extends": ["base", "more"], "otherwise": "trap", "rules": [
      {"action": "allow", "calls": ["close"], "because": "tidy"}]})");
  const auto profile = load_profile(path, Arch::kX86_64);
  ASSERT_TRUE(profile) << profile.error().what;
  EXPECT_EQ(profile->otherwise, kTrap);
  EXPECT_EQ(profile->unknown_calls, kTrap);
  EXPECT_EQ(profile->about, "t");
  ASSERT_EQ(profile->rules.size(), 6U);  // base is there once, though reached twice
  EXPECT_EQ(profile->rules[0].call, "execve");
  EXPECT_EQ(profile->rules[4].call, "write");
  EXPECT_EQ(profile->rules[5].source, "top.json: rules[0]");
  EXPECT_EQ(load_profile(files.folder() + "/more.json", Arch::kX86_64)->otherwise, kKill);
}

TEST(Extends, RefusesCircles) {
  const ProfileFiles files;
  (void)files.write("a", R"({"about": "a", "extends": "b"})");
  (void)files.write("b", R"({"about": "b", "extends": ["c"]})");
  (void)files.write("c", R"({"about": "c", "extends": "a"})");
  EXPECT_EQ(load_profile(files.folder() + "/a.json", Arch::kX86_64).error().what,
            "c.json: extends: goes in a circle: a -> b -> c -> a");
  (void)files.write("self", R"({"about": "a", "extends": "self"})");
  EXPECT_EQ(load_profile(files.folder() + "/self.json", Arch::kX86_64).error().what,
            "self.json: extends: goes in a circle: self -> self");
}

TEST(Extends, StaysInTheFolder) {
  const ProfileFiles files;
  for (const char* name : {"../etc/passwd", "/etc/passwd", "", ".", "a/b", "A"}) {
    const auto path = files.write("one", std::string(R"({"about": "a", "extends": ")") + name + R"("})");
    EXPECT_EQ(load_profile(path, Arch::kX86_64).error().what,
              std::string("one.json: extends: \"") + name + "\" is not a profile's name");
  }
}

TEST(Extends, NamesTheFileThatIsWrong) {
  const ProfileFiles files;
  (void)files.write("base", profile_with(R"({"action": "allow", "calls": ["reed"], "because": "typo"})"));
  const auto path = files.write("top", R"({"about": "t", "extends": "base"})");
  EXPECT_EQ(load_profile(path, Arch::kX86_64).error().what,
            "base.json: rules[0].calls: unknown call \"reed\"");
  const auto lost = files.write("lost", R"({"about": "t", "extends": "nowhere"})");
  EXPECT_EQ(load_profile(lost, Arch::kX86_64).error().what,
            "lost.json: extends: there is no " + files.folder() + "/nowhere.json");
}

TEST(Extends, RefusesTheSameCallInBothFiles) {
  const ProfileFiles files;
  (void)files.write("base", profile_with(rule(R"("action": "trap", "calls": ["bpf"])")));
  const auto path = files.write("top", R"({"about": "t", "extends": "base", "rules": [
      {"action": "allow", "calls": ["bpf"], "because": "no"}]})");
  EXPECT_EQ(load_profile(path, Arch::kX86_64).error().what,
            "top.json: rules[0].calls: bpf is already in base.json: rules[0]");
}

TEST(Extends, AsksWhichDefaultIsMeant) {
  const ProfileFiles files;
  (void)files.write("a", R"({"about": "a", "otherwise": "kill"})");
  (void)files.write("b", R"({"about": "b", "otherwise": "trap"})");
  const auto path = files.write("top", R"({"about": "t", "extends": ["a", "b"]})");
  EXPECT_EQ(load_profile(path, Arch::kX86_64).error().what,
            "top.json: extends: the profiles differ in \"otherwise\"; say it here");
}

struct BadCase {
  const char* name;
  std::string text;
  const char* error;  // the beginning of it
};

void PrintTo(const BadCase& bad, std::ostream* out) { *out << bad.name; }

class BadProfile : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadProfile, IsRefusedWithPlaceAndReason) {
  const ProfileFiles files;
  const auto path = files.write("bad", GetParam().text);
  for (const Arch arch : kArches) {
    const auto profile = load_profile(path, arch);
    ASSERT_FALSE(profile);
    EXPECT_EQ(profile.error().fault, Fault::kRequest);
    EXPECT_TRUE(profile.error().what.starts_with(GetParam().error)) << profile.error().what;
  }
}

std::string about_with(const std::string& rest) {
  return std::string(R"({"about": "a test", )").append(rest).append("}");
}

const BadCase kBadCases[] = {
    {"Empty", "", "bad.json: is not JSON: "},
    {"Torn", R"({"about": "a)", "bad.json: is not JSON: "},
    {"NotUtf8", "{\"about\": \"\xff\"}", "bad.json: is not JSON: "},
    {"TrailingText", about_with(R"("otherwise": "allow")") + "x", "bad.json: is not JSON: "},
    {"Array", "[]", "bad.json: must be an object"},
    {"TooLong", std::string(2 << 20, ' '), "bad.json: is longer than 1 MiB"},
    {"KeyTwice", about_with(R"("otherwise": "kill", "otherwise": "allow")"),
     "bad.json: key \"otherwise\" is given twice in one object"},
    {"KeyTwiceInARule",
     profile_with(R"({"action": "trap", "calls": ["bpf"], "calls": ["read"], "because": "b"})"),
     "bad.json: key \"calls\" is given twice in one object"},
    {"UnknownKey", about_with(R"("otherwise": "allow", "default": "kill")"),
     "bad.json: unknown key \"default\""},
    {"NoAbout", R"({"otherwise": "allow", "unknown_calls": "kill"})", "bad.json: \"about\" is missing"},
    {"NoOtherwise", about_with(R"("rules": [])"), "bad.json: \"otherwise\" is missing"},
    {"OtherwiseUnknown", about_with(R"("otherwise": "deny")"),
     "bad.json: otherwise: unknown action \"deny\""},
    {"OtherwiseNumber", about_with(R"("otherwise": 1)"), "bad.json: otherwise: must be a string"},
    {"OtherwiseLog", about_with(R"("otherwise": "log")"), "bad.json: otherwise: unknown action \"log\""},
    {"ErrnoNumber", about_with(R"("otherwise": "errno 38")"),
     "bad.json: otherwise: unknown errno in \"errno 38\""},
    {"ErrnoUnknown", about_with(R"("otherwise": "errno ENOPE")"), "bad.json: otherwise: unknown errno"},
    {"ErrnoAlone", about_with(R"("otherwise": "errno")"), "bad.json: otherwise: unknown action"},
    {"DenyListOpenToTheFuture", about_with(R"("otherwise": "allow")"),
     "bad.json: \"unknown_calls\" is missing"},
    {"ForbidsExecveByDefault", about_with(R"("otherwise": "kill")"), "bad.json: otherwise: forbids execve"},
    {"ForbidsExecve", profile_with(rule(R"("action": "errno EPERM", "calls": ["execve"])")),
     "bad.json: rules[0]: forbids execve"},
    {"ExecveOnlyNotified", profile_with(rule(R"("action": "notify", "calls": ["execve"])")),
     "bad.json: rules[0]: forbids execve"},
    {"ForbidsOurClock", profile_with(rule(R"("action": "notify", "calls": ["clock_gettime"])")),
     "bad.json: rules[0]: forbids clock_gettime"},
    {"ForbidsTheEndByDefault",
     about_with(R"("otherwise": "notify", "rules": [
         {"action": "allow", "calls": ["execve", "clock_gettime"], "because": "start"}])"),
     "bad.json: otherwise: forbids exit_group"},
    {"RulesNoList", about_with(R"("otherwise": "allow", "rules": {})"), "bad.json: rules: must be a list"},
    {"RuleNoObject", profile_with(R"("bpf")"), "bad.json: rules[0]: must be an object"},
    {"RuleUnknownKey", profile_with(rule(R"("action": "trap", "calls": ["bpf"], "If": [])")),
     "bad.json: rules[0]: unknown key \"If\""},
    {"NoBecause", profile_with(R"({"action": "trap", "calls": ["bpf"]})"),
     "bad.json: rules[0]: \"because\" is missing"},
    {"BlankBecause", profile_with(R"({"action": "trap", "calls": ["bpf"], "because": " "})"),
     "bad.json: rules[0].because: must not be empty"},
    {"NoAction", profile_with(rule(R"("calls": ["bpf"])")), "bad.json: rules[0]: \"action\" is missing"},
    {"NoCalls", profile_with(rule(R"("action": "trap")")), "bad.json: rules[0]: \"calls\" is missing"},
    {"CallsEmpty", profile_with(rule(R"("action": "trap", "calls": [])")),
     "bad.json: rules[0].calls: must be a list"},
    {"CallNumber", profile_with(rule(R"("action": "trap", "calls": [41])")),
     "bad.json: rules[0].calls[0]: must be a name, never a number"},
    {"CallNumberAsText", profile_with(rule(R"("action": "trap", "calls": ["41"])")),
     "bad.json: rules[0].calls: unknown call \"41\""},
    {"CallUnknown", profile_with(rule(R"("action": "trap", "calls": ["read", "reed"])")),
     "bad.json: rules[0].calls: unknown call \"reed\""},
    {"CallOfOtherMachines", profile_with(rule(R"("action": "trap", "calls": ["socketcall"])")),
     "bad.json: rules[0].calls: unknown call \"socketcall\""},
    {"CallTwiceInOneRule", profile_with(rule(R"("action": "trap", "calls": ["bpf", "bpf"])")),
     "bad.json: rules[0].calls: names bpf twice"},
    {"CallInTwoRules",
     profile_with(rule(R"("action": "trap", "calls": ["bpf"])") + "," +
                  rule(R"("action": "allow", "calls": ["bpf"])")),
     "bad.json: rules[1].calls: bpf is already in bad.json: rules[0]"},
    {"SameWhenInOtherWords",
     profile_with(rule_when("prctl", R"("arg": 0, "one_of": ["PR_SET_MM", "PR_SET_NAME"])") + "," +
                  rule_when("prctl", R"("arg": "option", "one_of": ["PR_SET_NAME", "PR_SET_MM"])")),
     "bad.json: rules[1].calls: prctl is already in bad.json: rules[0] with the same \"when\""},
    {"WhenEmpty", profile_with(rule(R"("action": "trap", "calls": ["bpf"], "when": [])")),
     "bad.json: rules[0].when: must be a list of conditions, not empty"},
    {"WhenNoObject", profile_with(rule(R"("action": "trap", "calls": ["bpf"], "when": ["cmd"])")),
     "bad.json: rules[0].when[0]: must be an object"},
    {"NoArg", profile_with(rule_when("prctl", R"("equals": "PR_SET_MM")")),
     "bad.json: rules[0].when[0]: \"arg\" is missing"},
    {"ArgOutOfRange", profile_with(rule_when("prctl", R"("arg": 6, "equals": "PR_SET_MM")")),
     "bad.json: rules[0].when[0].arg: must be an argument's name or 0 to 5"},
    {"ArgNegative", profile_with(rule_when("prctl", R"("arg": -1, "equals": "PR_SET_MM")")),
     "bad.json: rules[0].when[0].arg: must be an argument's name or 0 to 5"},
    {"ArgBeyondTheCall", profile_with(rule_when("socket", R"("arg": 3, "equals": 0)")),
     "bad.json: rules[0].when[0].arg: socket has no argument 3"},
    {"ArgUnknownName", profile_with(rule_when("socket", R"("arg": "family", "equals": "AF_UNIX")")),
     "bad.json: rules[0].when[0].arg: socket has no argument family"},
    {"ArgOfAnUnlistedCall", profile_with(rule_when("getppid", R"("arg": 0, "equals": 0)")),
     "bad.json: rules[0].when[0].arg: the arguments of getppid are not listed"},
    {"NoTest", profile_with(rule_when("socket", R"("arg": 0)")), "bad.json: rules[0].when[0]: tests nothing"},
    {"TwoTests",
     profile_with(rule_when("socket", R"("arg": 0, "at_least": "AF_UNIX", "at_most": "AF_INET")")),
     "bad.json: rules[0].when[0]: has both at_most and at_least"},
    {"UnknownTest", profile_with(rule_when("socket", R"("arg": 0, "equals": "AF_UNIX", "is": "AF_UNIX")")),
     "bad.json: rules[0].when[0]: unknown key \"is\""},
    {"ConstantUnknown", profile_with(rule_when("socket", R"("arg": 0, "equals": "AF_NOWHERE")")),
     "bad.json: rules[0].when[0].equals: \"AF_NOWHERE\": unknown constant AF_NOWHERE"},
    {"NumberForAName", profile_with(rule_when("socket", R"("arg": 0, "equals": 16)")),
     "bad.json: rules[0].when[0].equals: \"16\": numbers above 9 need a name"},
    {"Fraction", profile_with(rule_when("socket", R"("arg": 0, "equals": 1.5)")),
     "bad.json: rules[0].when[0].equals: must be a constant's name"},
    {"HugeNumber", profile_with(rule_when("socket", R"("arg": 0, "equals": 18446744073709551615)")),
     "bad.json: rules[0].when[0].equals: \"18446744073709551615\": numbers above 9 need a name"},
    {"OneOfEmpty", profile_with(rule_when("socket", R"("arg": 0, "one_of": [])")),
     "bad.json: rules[0].when[0].one_of: must be a list of constants, not empty"},
    {"OneOfTwice", profile_with(rule_when("socket", R"("arg": 0, "one_of": ["AF_UNIX", 1])")),
     "bad.json: rules[0].when[0].one_of[1]: 1 is there twice"},
    {"BitsNone", profile_with(rule_when("unshare", R"("arg": 0, "lacks_bits": 0)")),
     "bad.json: rules[0].when[0].lacks_bits: names no bit"},
    {"MaskWithBits",
     profile_with(rule_when("unshare", R"("arg": 0, "mask": "CLONE_FS", "has_bits": "CLONE_FS")")),
     "bad.json: rules[0].when[0].mask: goes with equals"},
    {"ValueOutsideMask",
     profile_with(rule_when("mknod", R"("arg": "mode", "mask": "S_IFMT", "equals": "S_ISUID")")),
     "bad.json: rules[0].when[0].equals: S_ISUID has bits outside the mask: never equal"},
    {"WideNoBoolean", profile_with(rule_when("socket", R"("arg": 0, "equals": "AF_UNIX", "wide": 1)")),
     "bad.json: rules[0].when[0].wide: must be true or false"},
    {"AddressWithAConstant", profile_with(rule_when("execve", R"("arg": "path", "equals": 0)")),
     "bad.json: rules[0].when[0].equals: an address in execve: a filter cannot read what it points to"},
    {"AddressOrdered", profile_with(rule_when("openat", R"("arg": 1, "greater_than": "NULL")")),
     "bad.json: rules[0].when[0].greater_than: an address in openat"},
    {"AddressBits", profile_with(rule_when("mmap", R"("arg": 0, "has_bits": "PROT_READ")")),
     "bad.json: rules[0].when[0].has_bits: an address in mmap"},
    {"AddressMasked", profile_with(rule_when("mmap", R"("arg": 0, "mask": "PROT_READ", "equals": "NULL")")),
     "bad.json: rules[0].when[0].equals: an address in mmap"},
    {"AddressInOneOfTheCalls",
     profile_with(
         rule(R"("action": "trap", "calls": ["openat", "open"], "when": [{"arg": 1, "equals": "O_RDWR"}])")),
     "bad.json: rules[0].when[0].equals: an address in openat"},
    {"NullForAnInteger", profile_with(rule_when("socket", R"("arg": 0, "equals": "NULL")")),
     "bad.json: rules[0].when[0].equals: NULL is for addresses"},
    {"ExtendsNumber", about_with(R"("extends": 3)"), "bad.json: extends: must be a list of names"},
    {"ExtendsTwice", about_with(R"("extends": ["a", "a"])"), "bad.json: extends: names a twice"},
};

INSTANTIATE_TEST_SUITE_P(Table, BadProfile, ::testing::ValuesIn(kBadCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(BadProfileFile, IsRefused) {
  const ProfileFiles files;
  EXPECT_EQ(load_profile(files.folder() + "/none.json", Arch::kX86_64).error().what,
            "none.json: cannot be opened");
  EXPECT_EQ(load_profile(files.folder(), Arch::kX86_64)
                .error()
                .what.ends_with("a profile's file is NAME.json, NAME of a-z, 0-9, - and _"),
            true);
  EXPECT_FALSE(load_profile("", Arch::kX86_64));
  EXPECT_FALSE(load_profile(files.folder() + "/UPPER.json", Arch::kX86_64));
}

TEST(WideConstants, NeedWide) {
  const ProfileFiles files;
  const auto narrow = files.write(
      "narrow", profile_with(rule_when("mmap", R"("arg": "length", "at_least": "~PERSONALITY_QUERY")")));
  const auto wide = files.write(
      "wide",
      profile_with(rule_when("mmap", R"("arg": "length", "at_least": "~PERSONALITY_QUERY", "wide": true)")));
  EXPECT_TRUE(load_profile(wide, Arch::kX86_64));
  // Complements have ones above; as 32 bits this one is 0, which is what the kernel would see in an int.
  EXPECT_EQ(load_profile(narrow, Arch::kX86_64)->rules[0].when[0].values, std::vector<std::uint64_t>{0});
}

}  // namespace
}  // namespace bailiff
