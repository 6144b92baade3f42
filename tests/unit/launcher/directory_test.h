#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace bailiff::test {

/// A test with a directory of its own, which goes with it.
class DirectoryTest : public testing::Test {
 public:
  DirectoryTest(const DirectoryTest&) = delete;
  DirectoryTest& operator=(const DirectoryTest&) = delete;

 protected:
  DirectoryTest() { EXPECT_NE(::mkdtemp(directory_.data()), nullptr); }
  ~DirectoryTest() override { std::filesystem::remove_all(directory_); }

  std::string directory_ = "/tmp/launcher-test.XXXXXX";
};

}  // namespace bailiff::test
