#include "base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace bailiff {
namespace {

int open_null() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFd, IsEmptyByDefaultAndFalse) {
  const UniqueFd fd;
  EXPECT_FALSE(fd);
  EXPECT_EQ(fd.get(), -1);
}

TEST(UniqueFd, ClosesOnceAtTheEnd) {
  int number = -1;
  {
    const UniqueFd fd(open_null());
    number = fd.get();
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, MovingLeavesTheSourceEmpty) {
  UniqueFd a(open_null());
  const int number = a.get();
  UniqueFd b(std::move(a));
  EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(b.get(), number);
  UniqueFd c(open_null());
  const int overwritten = c.get();
  c = std::move(b);
  EXPECT_FALSE(b);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(c.get(), number);
  EXPECT_FALSE(is_open(overwritten));
  EXPECT_TRUE(is_open(number));
}

TEST(UniqueFd, SurvivesMovingOntoItself) {
  UniqueFd fd(open_null());
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(is_open(fd.get()));
}

TEST(UniqueFd, ResetTwiceClosesOnce) {
  UniqueFd fd(open_null());
  const int number = fd.get();
  fd.reset();
  EXPECT_FALSE(is_open(number));
  const UniqueFd other(open_null());  // takes the same number
  fd.reset();
  EXPECT_TRUE(is_open(other.get()));
}

TEST(UniqueFd, ReleaseGivesItAway) {
  UniqueFd fd(open_null());
  const int number = fd.release();
  EXPECT_FALSE(fd);
  fd.reset();
  EXPECT_TRUE(is_open(number));
  ::close(number);
}

}  // namespace
}  // namespace bailiff
