// The corpus: every file of attacks/ becomes one test, Attack.<name>. It runs in a box by the real
// supervisor; what its header expects must hold, and nothing may be left behind. Adding an attack is adding a
// file.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "tests/escape/header.h"
#include "tests/support/supervisor.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

/// What every attack starts from; its `spec` is merged over it. Small, so that what gets past a limit still
/// hurts nobody: this is also what bounds an attack whose own protection is broken.
json base_spec(const AttackHeader& attack) {
  // An attack on a compiler run is its source; what is run is in its `spec`.
  const bool source = group_of(attack.name) == "compile";
  const std::string name = source ? std::filesystem::path(attack.source).filename().string() : attack.name;
  const std::string path = source ? attack.source : std::string(BAILIFF_ATTACKS_BUILT) + "/" + name;
  return {{"argv", {"./" + name}},
          {"files", {{name, {{"path", path}, {"mode", "0755"}}}}},
          {"limits",
           {{"cpu_time_ms", 2000},
            {"wall_time_ms", 15000},
            {"memory_bytes", 67108864},
            {"stack_bytes", 8388608},
            {"output_bytes", 65536},
            {"file_size_bytes", 16777216},
            {"processes", 16},
            {"open_files", 64},
            {"disk_bytes", 16777216},
            {"disk_inodes", 200}}}};
}

/// `change` over `base`, member by member. Unlike JSON Merge Patch it keeps null: that is "unlimited".
json overlay(json base, const json& change) {
  for (const auto& [key, value] : change.items()) {
    base[key] = value.is_object() && base.contains(key) ? overlay(base[key], value) : value;
  }
  return base;
}

json spec_of(const AttackHeader& attack) { return overlay(base_spec(attack), attack.spec); }

std::vector<AttackHeader> corpus() {
  std::vector<AttackHeader> all;
  for (const auto& entry : std::filesystem::directory_iterator(BAILIFF_ATTACK_SOURCES)) {
    if (entry.path().extension() == ".c" || entry.path().extension() == ".cc")
      all.push_back(read_header(entry.path()));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

/// In a lane whose host lacks this layer (supervisor.h, run()).
bool is_missing(const char* layer) {
  const char* accepted = std::getenv("BAILIFF_TEST_ACCEPT");
  return accepted != nullptr && std::string(accepted).find(layer) != std::string::npos;
}

/// Without a file system of its own a program has no /tmp: a compiler that found none would attack nothing.
json spec_here(const AttackHeader& attack) {
  json spec = spec_of(attack);
  if (is_missing("mount") && spec.contains("env")) spec["env"]["TMPDIR"] = ".";
  return spec;
}

/// Bombs and hogs run only where the limits have just been seen to hold, each by an attack that is bounded at
/// a small multiple of its limit: twice the processes, a few times the memory, CPU and wall time.
bool limits_hold() {
  static const bool held = [] {
    for (const char* proof :
         {"proof_processes", "proof_cpu", "proof_wall", "proof_memory", "proof_output", "proof_disk"}) {
      if (std::string(proof) == "proof_disk" && is_missing("disk_bytes")) continue;  // nor are its attacks run there
      const AttackHeader attack = read_header(std::string(BAILIFF_ATTACK_SOURCES) + "/" + proof + ".c");
      const Answer answer = run(spec_of(attack));
      const std::string wrong = difference(attack.expect, answer.json, proof);
      if (!wrong.empty()) {
        ADD_FAILURE() << "no bomb is tried here: " << wrong << answer.raw.substr(0, 2000);
        return false;
      }
    }
    return true;
  }();
  return held;
}

/// What a supervisor that only waits has, and room for what it keeps: up to 1 MiB, which as quoted JSON (six
/// bytes for a NUL) in a string that grows by doubling is up to 17.
long unsuspicious_rss_kib() {
  static const long idle =
      run(spec_of(read_header(std::string(BAILIFF_ATTACK_SOURCES) + "/proof_wall.c"))).max_rss_kib;
  return idle + 24576;
}

class AttackTest : public testing::Test {
 public:
  explicit AttackTest(AttackHeader attack) : attack_(std::move(attack)) {}

  void TestBody() override {
    SCOPED_TRACE(attack_.tries + " — must: " + attack_.must + " (stopped by: " + attack_.layer + ")");
    ASSERT_TRUE(attack_.name.starts_with("proof_") || limits_hold());
    if (!attack_.first.is_null()) {
      const Answer first = run(overlay(spec_here(attack_), attack_.first));
      ASSERT_EQ(first.json.value("status", ""), "OK")
          << "the run before it: " << first.raw << first.stderr_text;
      EXPECT_EQ(left_behind(first.pid), json::object());
    }
    const Answer answer = run(spec_here(attack_));
    ASSERT_EQ(answer.exit_code, 0) << answer.raw << answer.stderr_text;
    const std::string missing = difference(attack_.where, answer.json);
    const std::string wrong = difference(attack_.expect, answer.json);
    if (missing.empty()) {
      EXPECT_EQ(wrong, "") << answer.raw.substr(0, 4000);
    }
    EXPECT_EQ(left_behind(answer.pid), json::object());
    EXPECT_EQ(answer.stderr_text, "");
    // However much an attack writes.
    EXPECT_LT(answer.max_rss_kib, unsuspicious_rss_kib()) << "the supervisor's own memory grew";
    if (!missing.empty() && !wrong.empty())
      GTEST_SKIP() << "NOT CONTAINED HERE: " << wrong << "for want of its layer: " << missing;
  }

 private:
  AttackHeader attack_;
};

TEST(Corpus, KeepsToItsOwnBounds) {
  for (const AttackHeader& attack : corpus()) {
    const json limits = spec_of(attack)["limits"];
    EXPECT_LE(attack.bounds.seconds, 60UL) << attack.name;
    EXPECT_LE(attack.bounds.processes, 4096UL) << attack.name;
    EXPECT_LE(attack.bounds.bytes, 1UL << 31) << attack.name;
    EXPECT_LE(limits["wall_time_ms"].get<int>(), 20000) << attack.name;
  }
}

/// The groups, and how many attacks each has to have. proof_* are bounded samples of other attacks: not
/// counted.
TEST(Corpus, HasAttacksOfEveryGroupAsItsReadmeSays) {
  std::map<std::string, int> counts;
  int all = 0;
  for (const AttackHeader& attack : corpus()) {
    const std::string group = group_of(attack.name);
    if (group == "proof") continue;
    ++counts[group];
    ++all;
  }
  EXPECT_GE(all, 150);
  for (const char* group :
       {"time", "wall", "memory", "output", "disk", "processes", "signals", "filesystem", "network",
        "privilege", "compile", "leftovers", "measuring", "protocol", "supervisor"}) {
    EXPECT_GE(counts[group], 5) << group;
  }
  std::map<std::string, int> said;  // the README's table: | `time_` | 14 | … |
  std::ifstream readme(std::string(BAILIFF_ATTACK_SOURCES) + "/../README.md");
  const std::regex row(R"(^\| `([a-z]+)_` \| ([0-9]+) \|.*)");
  std::smatch match;
  for (std::string line; std::getline(readme, line);) {
    if (std::regex_match(line, match, row)) said[match[1]] = std::stoi(match[2]);
  }
  EXPECT_EQ(json(said), json(counts));
}

TEST(Difference, SaysWhereTheResultIsNotAsExpected) {
  const json actual = {{"status", "TLE"}, {"n", 5}, {"list", {1, 2}}, {"in", {{"a", 1}, {"b", 2}}}};
  EXPECT_EQ(difference({{"status", "TLE"}, {"in", {{"b", 2}}}, {"list", {1, 2}}}, actual), "");
  EXPECT_EQ(difference({{"status", {"RE", "TLE"}}, {"n", {{"at_least", 5}, {"at_most", 5}}}}, actual), "");
  EXPECT_NE(difference({{"status", "OK"}}, actual), "");
  EXPECT_NE(difference({{"n", {{"at_least", 6}}}}, actual), "");
  EXPECT_NE(difference({{"in", {{"c", 1}}}}, actual), "");
  EXPECT_NE(difference({{"list", {1}}}, actual), "");
  EXPECT_EQ(difference({{"in", {{"lacks", "TLE"}}}}, actual), "");
  EXPECT_NE(difference({{"status", {{"lacks", "TL"}}}}, actual), "");
  EXPECT_EQ(difference({{"status", {{"has", "LE"}, {"lacks", "OK"}}}}, actual), "");
  EXPECT_NE(difference({{"status", {{"has", "OK"}}}}, actual), "");
}

/// Runs before main(), in the order of names: proof_* are in the middle, but limits_hold() asks for them
/// first.
const bool registered = [] {
  for (const AttackHeader& attack : corpus()) {
    testing::RegisterTest("Attack", attack.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [attack]() -> AttackTest* { return new AttackTest(attack); });
  }
  return true;
}();

}  // namespace
}  // namespace bailiff::test
