// A call that the profile takes for a violation (tests/programs/violate.c under profiles/watched.json): SV
// with a record where the kernel has listeners, refused and said so where it has none.

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cstdlib>

#include "tests/integration/result.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

const std::vector<std::string> kWatched = {"--seccomp", BAILIFF_WATCHED_BPF};

/// Told by the stand-in for the binary under test.
bool in_lane(const char* name) {
  const char* stand_in = std::getenv("BAILIFF_SUPERVISOR");
  return stand_in != nullptr && std::string(stand_in).find(name) != std::string::npos;
}

bool kernel_has_listeners() { return !in_lane("refused") && !in_lane("runsc"); }

json violate(std::vector<std::string> arguments, const json& limits = json::object()) {
  json spec = limited(program_spec("violate", std::move(arguments)), limits);
  spec["seccomp"] = "watched";
  const Answer answer = run(spec, kWatched);
  if (!in_lane("runsc")) {  // whose own processes are none of ours
    EXPECT_EQ(left_behind(answer.pid), json::object());
  }
  const json& result = result_of(answer);
  EXPECT_EQ(result["enforced"]["seccomp"], kernel_has_listeners() ? "notify" : "deny-only");
  EXPECT_EQ(bytes_of(result["stdout"]).find("success"), std::string::npos) << "the call was made";
  EXPECT_EQ(bytes_of(result["stdout"]).find("made"), std::string::npos) << "the call was made";
  return result;
}

void expect_a_violation(const json& result) {
  EXPECT_EQ(result["status"], "SV") << result;
  EXPECT_EQ(result["reason"], "seccomp");
  EXPECT_EQ(result["killed_by"], "supervisor");
  EXPECT_EQ(result["limits_exceeded"], json::array());
  const json& violation = result["violation"];
  ASSERT_TRUE(violation.is_object()) << result;
  EXPECT_EQ(violation["name"], "eventfd2");
  EXPECT_EQ(violation["nr"], SYS_eventfd2);
#if defined(__x86_64__)
  EXPECT_EQ(violation["arch"], "x86_64");
#else
  EXPECT_EQ(violation["arch"], "aarch64");
#endif
}

/// Without a listener, SIGSYS ends the process that made the call.
void expect_only_refused(const json& result) {
  EXPECT_EQ(result["status"], "RE") << result;
  EXPECT_EQ(result["signal"], SIGSYS);
  EXPECT_TRUE(result["violation"].is_null());
}

TEST(Violation, IsRecordedWithEveryField) {
  const json result = violate({"main"});
  if (!kernel_has_listeners()) return expect_only_refused(result);
  expect_a_violation(result);
  EXPECT_EQ(result["signal"], SIGKILL);
  EXPECT_EQ(result["violation"]["args"], json({7, 02000000, 9, 10, 0xfedcba9876543210U, 12}));
  EXPECT_EQ(bytes_of(result["stdout"]), std::to_string(result["violation"]["tid"].get<int>()) + "\n");
}

TEST(Violation, OfASecondThreadIsThatThreads) {
  const json result = violate({"thread"});
  if (!kernel_has_listeners()) return expect_only_refused(result);
  expect_a_violation(result);
  EXPECT_EQ(bytes_of(result["stdout"]), std::to_string(result["violation"]["tid"].get<int>()) + "\n");
  EXPECT_NE(result["violation"]["tid"], 2) << "not the main thread's";
}

TEST(Violation, OfAGrandchildEndsTheRun) {
  for (const auto& arguments : {std::vector<std::string>{"grandchild"}, {"grandchild", "orphan"}}) {
    const json result = violate(arguments, {{"wall_time_ms", 10000}});
    if (!kernel_has_listeners()) {
      EXPECT_EQ(result["status"], "OK") << "only the one that made the call dies";
      continue;
    }
    expect_a_violation(result);
    EXPECT_EQ(bytes_of(result["stdout"]), std::to_string(result["violation"]["tid"].get<int>()) + "\n");
    EXPECT_LT(result["wall_time"]["ns"], 2'500'000'000);
  }
}

TEST(Violation, IsSeenAfterExec) {
  const json result = violate({"exec"});
  if (!kernel_has_listeners()) return expect_only_refused(result);
  expect_a_violation(result);
}

TEST(Violation, OfManyThreadsAtOnceIsRecordedOnce) {
  const json result = violate({"flood", "64"}, {{"processes", 80}});
  if (!kernel_has_listeners()) return expect_only_refused(result);
  expect_a_violation(result);
  EXPECT_EQ(result["violation"]["args"], json({7, 02000000, 9, 10, 11, 12}));
}

TEST(Violation, IsNotWhatRaisingSigsysLooksLike) {
  const json result = violate({"raise"});
  expect_only_refused(result);
}

TEST(Violation, CannotBeCaught) {
  const json result = violate({"catch"});
  if (kernel_has_listeners()) return expect_a_violation(result);
  EXPECT_EQ(result["status"], "OK") << "refused it was all the same";
  EXPECT_TRUE(bytes_of(result["stdout"]).ends_with("caught\n"));
}

TEST(Violation, LeavesTheCallUnmadeHoweverItIsInterrupted) {
  for (const char* way : {"signals", "murder", "trace"}) {
    const json result = violate({way}, {{"cpu_time_ms", 10000}, {"wall_time_ms", 20000}});
    if (!kernel_has_listeners()) continue;  // violate() has seen that no call was made
    // Who dies or is interrupted before the keeper looks has made no call and leaves no record; sooner or
    // later one is seen.
    if (std::string(way) == "murder" && result["status"] == "OK") continue;
    expect_a_violation(result);
  }
}

TEST(Violation, AfterTheWallLimitIsNotTheVerdict) {
  const json result = violate({"late", "2000"}, {{"wall_time_ms", 300}});
  EXPECT_EQ(result["status"], "TLE");
  EXPECT_TRUE(result["violation"].is_null());
}

TEST(Violation, BeforeTheWallLimitIs) {
  const json result = violate({"late", "50"}, {{"wall_time_ms", 10000}});
  if (!kernel_has_listeners()) return expect_only_refused(result);
  expect_a_violation(result);
}

TEST(Violation, NeedsNoDescriptorOfTheProgram) {
  // The listener takes a descriptor number below RLIMIT_NOFILE for the time before the exec.
  const json result = violate({"main"}, {{"open_files", 4}});
  if (kernel_has_listeners()) expect_a_violation(result);
}

TEST(Listener, CostsAHonestProgramNothingItCouldSee) {
  const json result = violate({"not"});
  EXPECT_EQ(result["status"], "OK");
  EXPECT_TRUE(result["violation"].is_null());

  json spec = program_spec("inside");
  spec["seccomp"] = "watched";
  const Answer answer = run(spec, kWatched);
  const json seen = json::parse(bytes_of(result_of(answer)["stdout"]));
  EXPECT_EQ(seen["descriptors"], json::array({"0", "1", "2"}));
}

TEST(Listener, IsWhatRequireCallsNotify) {
  json spec = program_spec("violate", {"not"});
  spec["seccomp"] = "watched";
  spec["require"] = {{"seccomp", "notify"}};
  if (kernel_has_listeners()) {
    EXPECT_EQ(result_of(run(spec, kWatched))["status"], "OK");
  } else {
    const json error = error_of(run(spec, kWatched));
    EXPECT_EQ(error["key"], "require.seccomp");
    EXPECT_NE(error["message"].get<std::string>().find("user notification"), std::string::npos) << error;
  }
  spec["seccomp"] = "default";
  EXPECT_EQ(error_of(run(spec, kWatched))["key"], "require.seccomp") << "none of its rules is a violation";
}

TEST(Listener, IsReportedByCheck) {
  const json seccomp = call({"check", "--json"}).json["mechanisms"]["seccomp"];
  EXPECT_EQ(seccomp["mechanism"], kernel_has_listeners() ? "notify" : "deny-only");
  if (!kernel_has_listeners()) {
    EXPECT_EQ(seccomp["better"], "notify");
    EXPECT_NE(seccomp["fix"], "");
  }
}

}  // namespace
}  // namespace bailiff::test
