#include "launcher/lease.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/unit/launcher/directory_test.h"

namespace bailiff {
namespace {

using LeaseTest = test::DirectoryTest;

TEST_F(LeaseTest, GivesANumberToOneOnly) {
  auto first = Lease::take(directory_), second = Lease::take(directory_);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->number(), 0U);
  EXPECT_EQ(second->number(), 1U);
  EXPECT_FALSE(Lease::try_take(directory_, 0).value().has_value());
}

TEST_F(LeaseTest, GivesItAgainWhenItsHolderIsGone) {
  { auto gone = Lease::take(directory_); }
  EXPECT_EQ(Lease::take(directory_).value().number(), 0U);
}

TEST_F(LeaseTest, TheNextHolderReadsTheRecord) {
  const LeaseRecord record = {
      .socket = "/run/docker.sock", .name = "bailiff-1", .container = "1f", .slot = "/bailiff/slot0"};
  {
    auto killed = Lease::take(directory_);
    ASSERT_TRUE(
        killed->write({.socket = "/a long path that is then overwritten by a shorter one", .name = "x"}));
    ASSERT_TRUE(killed->write(record));
  }
  auto next = Lease::take(directory_);
  EXPECT_EQ(next->record(), record);
  ASSERT_TRUE(next->clear());
  EXPECT_TRUE(next->record().empty());
  EXPECT_EQ(Lease::numbers(directory_), std::vector<unsigned>{0});
}

TEST_F(LeaseTest, IgnoresALineThatWasCutOff) {
  {
    auto killed = Lease::take(directory_);
    ASSERT_TRUE(killed->write({.socket = "/run/docker.sock", .name = "bailiff-1"}));
  }
  std::filesystem::resize_file(directory_ + "/0", 30);  // within the second line
  EXPECT_EQ(Lease::take(directory_)->record(), (LeaseRecord{.socket = "/run/docker.sock"}));
}

TEST_F(LeaseTest, SaysWhatCannotBeMade) {
  const auto lease = Lease::take("/proc/nowhere");
  ASSERT_FALSE(lease);
  EXPECT_NE(lease.error().message().find("/proc/nowhere"), std::string::npos);
}

}  // namespace
}  // namespace bailiff
