// Slots that are slices: what systemd is asked for, and what is said when it does not answer. Its bus is a script
// of the test's, cgroups are plain directories; the real one is in tests/vm/recipes_test.py.
#include "launcher/slice.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "launcher/slot.h"
#include "tests/unit/launcher/directory_test.h"

namespace bailiff {
namespace {

namespace fs = std::filesystem;

constexpr const char* kName = "bailiff_slot0.slice";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class SliceTest : public test::DirectoryTest {
 protected:
  SliceTest() {
    fs::create_directory(at("cgroup"));
    ::setenv("PATH", directory_.c_str(), 1);
  }
  ~SliceTest() override { ::setenv("PATH", path_.c_str(), 1); }

  [[nodiscard]] fs::path at(const std::string& name) const { return fs::path(directory_) / name; }

  /// A busctl that does this, in sh, when a slice is to be started and stopped; $slice is its group.
  void systemd(const std::string& start, const std::string& stop) {
    const fs::path script = at("busctl");
    std::ofstream(script) << "#!/bin/sh\nPATH=/usr/bin:/bin\nslice=" << group().string() << "\necho \"$*\" >>"
                          << (at("asked")).string() << "\ncase $* in\n*StartTransientUnit*)\n"
                          << start << " ;;\n*StopUnit*)\n"
                          << stop << " ;;\nesac\n";
    fs::permissions(script, fs::perms::owner_all);
  }

  [[nodiscard]] fs::path group() const { return at("cgroup") / kName; }
  [[nodiscard]] CgroupLayout layout() const {
    const std::string cgroup = at("cgroup");
    return {.systemd = true, .v2 = true, .cpu = cgroup, .memory = cgroup, .mounts = {cgroup}};
  }
  [[nodiscard]] std::string asked() const {
    std::ostringstream text;
    text << std::ifstream(at("asked")).rdbuf();
    return text.str();
  }

  std::string path_ = std::getenv("PATH");
};

constexpr const char* kStart = "mkdir $slice && echo 1048576 >$slice/memory.max";
constexpr const char* kStop = "rm -r $slice";
constexpr const char* kRefuse = "echo Call failed: Access denied >&2; exit 1";

TEST_F(SliceTest, ASlotHoldsItsLimitAndIsStopped) {
  systemd(kStart, kStop);
  Result<Slot> slot = Slot::make(layout(), 0, Bytes{1 << 20});
  ASSERT_TRUE(slot) << slot.error().message();
  EXPECT_EQ(slot->cgroup_parent(), kName);
  EXPECT_TRUE(slot->holds_memory());
  EXPECT_TRUE(has(asked(), std::string("StartTransientUnit ssa(sv)a(sa(sv)) ") + kName + " replace 4 ")) << asked();
  EXPECT_TRUE(has(asked(), " MemoryMax t 1048576 MemorySwapMax t 0 0\n")) << asked();
  const Result<void> removed = slot->remove();
  EXPECT_TRUE(removed) << removed.error().message();
  EXPECT_FALSE(fs::exists(group()));
  EXPECT_TRUE(has(asked(), std::string("StopUnit ss ") + kName + " replace\n")) << asked();
}

TEST_F(SliceTest, AContainerThereStartsOnItsOneCpu) {
  std::ofstream(at("cgroup/cpuset.cpus.effective")) << "0-3\n";
  systemd(kStart, kStop);
  const Result<Slot> slot = Slot::make(layout(), 0, std::nullopt);
  ASSERT_TRUE(slot) << slot.error().message();
  EXPECT_EQ(slot->to_start_with("0"), "") << "its group is systemd's to change";
}

TEST_F(SliceTest, OneThatIsLeftIsStoppedFirst) {
  fs::create_directory(group());
  const std::string refuse = "echo Call failed: Unit was already loaded or has a fragment file.; exit 1";
  systemd("[ ! -e $slice ] || { " + refuse + "; }\n" + kStart, kStop);
  Result<Slot> slot = Slot::make(layout(), 0, Bytes{1 << 20});
  ASSERT_TRUE(slot) << slot.error().message();
  EXPECT_TRUE(slot->holds_memory());
}

TEST_F(SliceTest, OneThatSomebodyIsInIsLeftAlone) {
  fs::create_directories(group() / "docker-1.scope");
  std::ofstream(group() / "docker-1.scope/cgroup.procs") << "1\n";
  systemd("echo Call failed: Unit was already loaded or has a fragment file.; exit 1", kStop);
  const Result<Slot> slot = Slot::make(layout(), 0, Bytes{1 << 20});
  ASSERT_FALSE(slot);
  EXPECT_TRUE(has(slot.error().message(), "is in use, by a launcher whose leases")) << slot.error().message();
  EXPECT_FALSE(has(asked(), "StopUnit")) << asked();
  EXPECT_TRUE(fs::exists(group()));
}

TEST_F(SliceTest, WithoutSystemdThereIsNoSlotAndTheErrorNamesTheCause) {
  const Result<Slot> without = Slot::make(layout(), 0, std::nullopt);
  ASSERT_FALSE(without);
  EXPECT_TRUE(has(without.error().message(), "busctl is not here")) << without.error().message();
  systemd(kRefuse, kRefuse);
  const Result<Slot> refused = Slot::make(layout(), 0, std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), std::string("systemd does not start ") + kName + ": Call failed: Access denied");
}

TEST_F(SliceTest, WhatSystemdDoesNotStopIsThereAndTheErrorNamesTheFix) {
  fs::create_directory(group());
  systemd(kStart, kRefuse);
  const Result<void> cleared = clear_slot(layout(), kName);
  ASSERT_FALSE(cleared);
  EXPECT_TRUE(has(cleared.error().message(), "Access denied")) << cleared.error().message();
  EXPECT_TRUE(has(cleared.error().message(), "it takes root")) << cleared.error().message();
  EXPECT_TRUE(fs::exists(group())) << "gc would not find the unit again";
  systemd(kStart, kStop);
  EXPECT_TRUE(clear_slot(layout(), kName));
  EXPECT_FALSE(fs::exists(group()));
}

TEST_F(SliceTest, WhereThereIsNoneNothingIsInTheWay) {
  systemd(kRefuse, kRefuse);
  EXPECT_TRUE(clear_slot(layout(), kName));
  systemd(kRefuse, "echo Call failed: Unit not loaded.; exit 1");
  EXPECT_TRUE(clear_slot(layout(), kName));
}

TEST_F(SliceTest, NamesOfOthersAreLeftAlone) {
  fs::create_directories(at("cgroup/user.slice"));
  fs::create_directories(at("cgroup/bailiff_slot0.slice.slice"));
  systemd(kStart, kStop);
  for (const char* name :
       {"user.slice", "bailiff_slot0.slice.slice", "bailiff_slot00.slice", "bailiff_slotx.slice", ""}) {
    EXPECT_TRUE(clear_slot(layout(), name)) << name;
  }
  EXPECT_EQ(asked(), "");
  EXPECT_TRUE(fs::exists(at("cgroup/user.slice")));
}

}  // namespace
}  // namespace bailiff
