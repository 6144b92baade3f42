// A run that ended as a violation leaves its box as any other run does: the next one starts from the same
// place.

#include <dirent.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/serve/peer.h"
#include "tests/support/supervisor.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

bool kernel_has_listeners() {
  const char* stand_in = std::getenv("BAILIFF_SUPERVISOR");
  return stand_in == nullptr || std::string(stand_in).find("refused") == std::string::npos;
}

json watched(std::vector<std::string> arguments) {
  json spec = box_spec("violate", std::move(arguments));
  spec["seccomp"] = "watched";
  return spec;
}

/// The server's one child, the keeper of its one box; 0 when there is none.
pid_t keeper_of(pid_t server) {
  std::ifstream children("/proc/" + std::to_string(server) + "/task/" + std::to_string(server) + "/children");
  pid_t keeper = 0;
  children >> keeper;
  return keeper;
}

/// Its descriptors, number -> what is open there, but for the numbers the kernel counts up.
json descriptors_of(pid_t pid) {
  json all = json::object();
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd/";
  DIR* directory = ::opendir(folder.c_str());
  while (const dirent* entry = directory != nullptr ? ::readdir(directory) : nullptr) {
    char target[256];
    const ssize_t length = ::readlink((folder + entry->d_name).c_str(), target, sizeof target);
    if (length > 0) all[entry->d_name] = std::string(target, static_cast<std::size_t>(length));
  }
  if (directory != nullptr) ::closedir(directory);
  return all;
}

TEST(AfterAViolation, TheBoxIsAsBefore) {
  Peer peer({"--seccomp", BAILIFF_WATCHED_BPF});
  peer.open("a", {program_file("violate")});
  ASSERT_EQ(peer.run("a", watched({"not"})).result["status"], "OK");
  const pid_t keeper = keeper_of(peer.pid());
  ASSERT_GT(keeper, 0);
  const json before = descriptors_of(keeper);
  ASSERT_GE(before.size(), 8U);
  for (int i = 0; i < 20; ++i) {
    const char* ways[] = {"main", "thread", "grandchild"};
    const RunReply violated = peer.run("a", watched({ways[i % 3]}));
    if (kernel_has_listeners()) {
      EXPECT_EQ(violated.result["status"], "SV") << violated.result << violated.error;
      EXPECT_EQ(violated.result["violation"]["name"], "eventfd2");
    }
    const RunReply after = peer.run("a", watched({"not"}));
    EXPECT_EQ(after.result["status"], "OK") << after.result << after.error;
    EXPECT_TRUE(after.result["violation"].is_null());
    EXPECT_EQ(after.out, "nothing forbidden\n");
    EXPECT_EQ(after.result["residue"]["processes_killed"], 0);
  }
  EXPECT_EQ(keeper_of(peer.pid()), keeper);
  EXPECT_EQ(descriptors_of(keeper), before);
  EXPECT_EQ(peer.bye(), 0);
  EXPECT_EQ(left_after(peer.pid()), json::object());
}

TEST(AfterAViolation, ARunWithoutListenerIsAsBefore) {
  Peer peer({"--seccomp", BAILIFF_WATCHED_BPF});
  peer.open("a", {program_file("violate")});
  (void)peer.run("a", watched({"main"}));
  const RunReply plain = peer.run("a", box_spec("violate", {"main"}));  // `default` allows the call
  EXPECT_EQ(plain.result["status"], "OK") << plain.result;
  EXPECT_EQ(plain.result["enforced"]["seccomp"], "default");
  EXPECT_EQ(peer.run("a", watched({"raise"})).result["status"], "RE");
}

TEST(Seccomp, OfARunIsOneTheServerKnows) {
  Peer peer;
  peer.open("a", {program_file("violate")});
  const RunReply reply = peer.run("a", watched({"not"}));
  EXPECT_EQ(reply.error["key"], "spec.seccomp") << reply.error;
}

}  // namespace
}  // namespace bailiff::test
