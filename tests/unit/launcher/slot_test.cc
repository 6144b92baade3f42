#include "launcher/slot.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace bailiff {
namespace {

namespace fs = std::filesystem;

/// A directory that stands for a mounted hierarchy: it says which CPUs there are, and has no groups yet.
class Hierarchy {
 public:
  Hierarchy(const char* file, const std::string& cpus) {
    char name[] = "/tmp/bailiff-slot-XXXXXX";
    path_ = ::mkdtemp(name);
    std::ofstream(path_ / file) << cpus << "\n";
  }
  ~Hierarchy() { fs::remove_all(path_); }
  Hierarchy(const Hierarchy&) = delete;
  Hierarchy& operator=(const Hierarchy&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

CgroupLayout layout_of(const Hierarchy& hierarchy, bool v2) {
  CgroupLayout layout = {.v2 = v2, .cpu = hierarchy.path(), .cpuset = v2 ? "" : hierarchy.path().string()};
  layout.mounts = {hierarchy.path()};
  return layout;
}

std::string start_with(const std::string& there, bool v2, const std::string& cpus) {
  const Hierarchy hierarchy(v2 ? "cpuset.cpus.effective" : "cpuset.cpus", there);
  const Result<Slot> slot = Slot::make(layout_of(hierarchy, v2), 0, std::nullopt);
  return slot ? slot->to_start_with(cpus) : slot.error().message();
}

TEST(Slot, AContainerForOneCpuStartsWithAnother) {
  for (const bool v2 : {false, true}) {
    EXPECT_EQ(start_with("0-1", v2, "0"), "0,1");
    EXPECT_EQ(start_with("0-1", v2, "1"), "1,0");
    EXPECT_EQ(start_with("2,8-11", v2, "2"), "2,8");
    EXPECT_EQ(start_with("8-11", v2, "8"), "8,9");
  }
}

TEST(Slot, ItDoesNotWhereThatIsNoHelp) {
  for (const bool v2 : {false, true}) {
    EXPECT_EQ(start_with("0", v2, "0"), "") << "there is no other";
    EXPECT_EQ(start_with("0-3", v2, "0-1"), "") << "it has two";
    EXPECT_EQ(start_with("0-3", v2, ""), "") << "it has all";
  }
}

TEST(Slot, ConfiningWritesToTheContainersGroupOrSaysWhyNot) {
  const Hierarchy hierarchy("cpuset.cpus.effective", "0-1");
  const Result<Slot> slot = Slot::make(layout_of(hierarchy, /*v2=*/true), 0, std::nullopt);
  ASSERT_TRUE(slot);
  const fs::path group = hierarchy.path() / "bailiff/slot0/1f";
  fs::create_directory(group);
  const Result<void> nowhere = slot->confine("1f", "1");
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().message().find("CPU 1"), std::string::npos) << nowhere.error().message();
  std::ofstream(group / "cpuset.cpus") << "0,1\n";
  EXPECT_TRUE(slot->confine("1f", "1"));
  std::string written;
  std::ifstream(group / "cpuset.cpus") >> written;
  EXPECT_EQ(written.substr(0, 1), "1");  // in a file that is none of the kernel's, the rest stays
}

}  // namespace
}  // namespace bailiff
