#include "jail/uid_lease.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

namespace bailiff {
namespace {

/// A range of one test's own, far from the one that boxes of this machine use.
UidRange own_range(uid_t count) {
  static uid_t tests = 0;
  return {2'000'000'000U + static_cast<uid_t>(::getpid()) % 100'000U * 1024U + 16U * tests++, count};
}

UidLease take(UidRange range) {
  Result<UidLease> lease = UidLease::take(range);
  EXPECT_TRUE(lease) << lease.error().message();
  return lease ? *std::move(lease) : UidLease();
}

TEST(UidLease, OfTwoLivingOnesAreTwoIds) {
  const UidRange range = own_range(16);
  const UidLease a = take(range);
  const UidLease b = take(range);
  EXPECT_NE(a.uid(), b.uid());
  for (const UidLease* lease : {&a, &b}) {
    EXPECT_GE(lease->uid(), range.first);
    EXPECT_LT(lease->uid(), range.first + range.count);
  }
}

TEST(UidLease, IsRefusedWhenAllAreTaken) {
  const UidRange range = own_range(3);
  std::vector<UidLease> all;
  for (int i = 0; i < 3; ++i) all.push_back(take(range));
  const Result<UidLease> fourth = UidLease::take(range);
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error().code, EBUSY);
  EXPECT_NE(fourth.error().message().find(std::to_string(range.first)), std::string::npos);
}

TEST(UidLease, ComesFreeWhenItIsDropped) {
  const UidRange range = own_range(1);
  { const UidLease held = take(range); }
  EXPECT_EQ(take(range).uid(), range.first);
}

TEST(UidLease, MovesWithItsHolder) {
  const UidRange range = own_range(1);
  UidLease a = take(range);
  const UidLease b = std::move(a);
  EXPECT_EQ(b.uid(), range.first);
  EXPECT_FALSE(UidLease::take(range)) << "the move gave it back";
}

/// A process that has taken the only id of the range, and lives until it is killed.
class Holder {
 public:
  enum Family { kAlone, kWithAChild };

  explicit Holder(UidRange range, Family family = kAlone) {
    int ready[2];
    int life[2];
    EXPECT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(life, O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(life[1]);
      const Result<UidLease> lease = UidLease::take(range);
      // As the keeper: a process that shares the open file description holds the lease too.
      const bool child = family == kWithAChild && ::fork() == 0;
      if (!child) (void)!::write(ready[1], lease ? "+" : "-", 1);
      char end = 0;
      (void)!::read(life[0], &end, 1);  // until the test drops its end
      ::_exit(0);
    }
    char word = 0;
    EXPECT_EQ(::read(ready[0], &word, 1), 1);
    EXPECT_EQ(word, '+');
    for (const int fd : {ready[0], ready[1], life[0]}) ::close(fd);
    life_ = UniqueFd(life[1]);
  }
  ~Holder() { kill(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  void kill() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
  UniqueFd life_;
};

TEST(UidLease, IsHeldAgainstAnotherProcess) {
  const UidRange range = own_range(1);
  const Holder holder(range);
  EXPECT_FALSE(UidLease::take(range));
}

TEST(UidLease, ComesFreeWhenItsHolderIsKilled) {
  const UidRange range = own_range(1);
  Holder holder(range);
  holder.kill();
  EXPECT_EQ(take(range).uid(), range.first);
}

TEST(UidLease, OutlivesItsTakerAsLongAsSomebodyHoldsTheDescriptor) {
  const UidRange range = own_range(1);
  Holder holder(range, Holder::kWithAChild);
  holder.kill();
  EXPECT_FALSE(UidLease::take(range)) << "the keeper still lives: its processes have this id";
}

TEST(UidLease, KeepsItsFileForRootAloneAndWritesNothingToIt) {
  const UidRange range = own_range(2);
  const UidLease first = take(range);  // the file is there now
  struct stat before = {};
  ASSERT_EQ(::fstat(first.fd(), &before), 0);
  EXPECT_EQ(before.st_mode & 0777U, 0600U);
  const UidLease second = take(range);
  struct stat after = {};
  ASSERT_EQ(::fstat(second.fd(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino) << "two files would be two sets of locks";
  EXPECT_EQ(after.st_size, before.st_size);
  EXPECT_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
}

}  // namespace
}  // namespace bailiff
