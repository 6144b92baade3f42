// run --learn: the profile a program needs, written from one run of it, compiled, and enough for the next run
// of it but for nothing more.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/integration/result.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

bool kernel_has_listeners() {
  const char* stand_in = std::getenv("BAILIFF_SUPERVISOR");
  return stand_in == nullptr || std::string(stand_in).find("refused") == std::string::npos;
}

class Learn : public testing::Test {
 protected:
  Learn() {
    char path[] = "/tmp/learn.XXXXXX";
    folder_ = ::mkdtemp(path);
  }
  ~Learn() override { std::filesystem::remove_all(folder_); }

  /// Learns `spec` into FOLDER/learnt.json and compiles that to FOLDER/learnt.bpf.
  void learn(const json& spec) const {
    const Answer answer = run(spec, {"--learn", "-o", folder_ + "/learnt.json"});
    EXPECT_EQ(result_of(answer)["status"], "OK") << answer.raw;
    EXPECT_EQ(answer.json["enforced"]["seccomp"], "learning");
    EXPECT_EQ(answer.json["sandbox"]["seccomp"], "none");
    EXPECT_EQ(answer.stderr_text, "");
    EXPECT_EQ(left_behind(answer.pid), json::object());
    const std::string command = std::string(BAILIFF_SECCOMP) + " compile " + folder_ + "/learnt.json -o " +
                                folder_ + "/learnt.bpf >/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  [[nodiscard]] json under_it(json spec) const {
    spec["seccomp"] = "learnt";
    return result_of(run(spec, {"--seccomp", folder_ + "/learnt.bpf"}));
  }
  /// The rule about that one call; null when there is none.
  [[nodiscard]] json rule_about(const std::string& call) const {
    std::ifstream file(folder_ + "/learnt.json");
    const json profile = json::parse(file);
    for (const json& rule : profile["rules"]) {
      if (rule["calls"] == json::array({call})) return rule;
    }
    return nullptr;
  }

  std::string folder_;
};

TEST_F(Learn, AllowsWhatWasSeenAndNoOtherCall) {
  if (!kernel_has_listeners()) {
    const json error = error_of(run(program_spec("violate", {"not"}), {"--learn"}));
    EXPECT_EQ(error["kind"], "host");
    EXPECT_NE(error["message"].get<std::string>().find("user notification"), std::string::npos);
    return;
  }
  learn(program_spec("violate", {"not"}));
  EXPECT_EQ(under_it(program_spec("violate", {"not"}))["status"], "OK");
  const json other = under_it(program_spec("violate", {"main"}));
  EXPECT_EQ(other["status"], "SV") << other;
}

TEST_F(Learn, TellsApartWhatACallIsFor) {
  if (!kernel_has_listeners()) return;  // seen above to be refused
  learn(program_spec("violate", {"thread"}));
  EXPECT_EQ(rule_about("clone")["when"][0]["arg"], "flags");
  EXPECT_EQ(rule_about("eventfd2")["because"], "seen 1 time, first in violate");
  EXPECT_EQ(under_it(program_spec("violate", {"thread"}))["status"], "OK");
  const json fork = under_it(program_spec("violate", {"grandchild"}));  // clone again, but not for a thread
  EXPECT_EQ(fork["status"], "SV") << fork;
  EXPECT_EQ(fork["violation"]["name"], "clone");
}

TEST_F(Learn, FollowsProcessesAndPrograms) {
  if (!kernel_has_listeners()) return;
  json spec = program_spec("nothing");
  spec["argv"] = {"/bin/sh", "-c", "echo text | cat >/tmp/copy; mkdir /tmp/made"};
  learn(spec);
  EXPECT_EQ(rule_about("mkdir")["because"], "seen 1 time, first in mkdir");
  EXPECT_EQ(under_it(spec)["status"], "OK");
  spec["argv"][2] = "echo text | cat >/tmp/copy; rmdir /tmp";
  const json other = under_it(spec);
  EXPECT_EQ(other["status"], "SV") << other;
  EXPECT_EQ(other["violation"]["name"], "rmdir");
}

TEST_F(Learn, SaysWhenTheRunDidNotEndWell) {
  if (!kernel_has_listeners()) return;
  const Answer answer = run(program_spec("violate", {"raise"}), {"--learn"});
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_NE(answer.stderr_text.find("RE"), std::string::npos) << answer.stderr_text;
  EXPECT_EQ(answer.json["otherwise"], "notify") << "the profile comes all the same";
}

TEST_F(Learn, IsHeldByTheRunsLimits) {
  if (!kernel_has_listeners()) return;
  const Answer answer = run(limited(program_spec("violate", {"late", "60000"}), {{"wall_time_ms", 300}}),
                            {"--learn", "-o", folder_ + "/learnt.json"});
  EXPECT_EQ(result_of(answer)["status"], "TLE");
  EXPECT_EQ(left_behind(answer.pid), json::object());
}

TEST_F(Learn, AloneHasAnOutput) {
  EXPECT_EQ(run(program_spec("nothing"), {"-o", folder_ + "/learnt.json"}).exit_code, 64);
  if (!kernel_has_listeners()) return;
  EXPECT_EQ(error_of(run(program_spec("nothing"), {"--learn", "-o", "/proc/none"}))["kind"], "host");
}

}  // namespace
}  // namespace bailiff::test
