// The box's own promises that no program inside can look at. What a program sees is tests/integration/inside_test.cc.

#include "jail/box.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <fstream>

namespace bailiff {
namespace {

class BoxTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<RootTree> root = RootTree::of_host();
    ASSERT_TRUE(root) << root.error().message();
    surroundings_.root = *std::move(root);
  }
  Box open() {
    Result<Box> box = Box::open(surroundings_, BoxSpec{&surroundings_.root, 8_MiB, 100});
    EXPECT_TRUE(box) << box.error().message();
    return box ? *std::move(box) : Box();
  }
  static bool alive(const Box& box) {
    Result<ReplyMessage> reply = host_error("none");
    if (!box.send(OrderMessage{Order::kSurvey, 0, 0, 0, 0})) return false;
    reply = box.receive();
    return reply.has_value() && reply->reply == Reply::kSurveyed;
  }

  Surroundings surroundings_;
};

TEST_F(BoxTest, KeeperGaveUpEverythingItWasToGiveUp) {
  const Box box = open();
  const Renounced& renounced = box.board().renounced;
  EXPECT_EQ(renounced.keyring, 0) << "the caller's session keyring would be the program's";
  EXPECT_EQ(renounced.bounding_set, 0);
  EXPECT_EQ(renounced.securebits, 0);
  EXPECT_EQ(renounced.no_new_privs, 0);
  EXPECT_EQ(renounced.dumpable, 0);
}

TEST_F(BoxTest, HoldsItsInodeQuota) { EXPECT_TRUE(open().holds_inodes()); }

TEST_F(BoxTest, TwoLivingBoxesHaveTwoUsers) {
  const Box a = open();
  const Box b = open();
  EXPECT_NE(a.uid(), b.uid());
}

TEST_F(BoxTest, IsGoneWhenClosedAndMayBeClosedTwice) {
  Box box = open();
  ASSERT_TRUE(alive(box));
  box.close();
  EXPECT_FALSE(box);
  box.close();
}

TEST_F(BoxTest, MovesWithItsKeeper) {
  Box a = open();
  const uid_t uid = a.uid();
  Box b = std::move(a);
  EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move): empty is what a moved-from box is
  EXPECT_TRUE(alive(b));
  EXPECT_EQ(b.uid(), uid);
}

TEST_F(BoxTest, LeavesNoMountOnTheHost) {
  const auto mounts = [] {
    std::ifstream table("/proc/self/mountinfo");
    std::size_t ours = 0;
    for (std::string line; std::getline(table, line);) ours += line.find(" - tmpfs bailiff-") != std::string::npos;
    return ours;
  };
  const Box box = open();
  EXPECT_EQ(mounts(), 0U);
}

TEST_F(BoxTest, OpensNothingWhereTheRootTreeIsNot) {
  surroundings_.root.directory = "/nonesuch";
  const Result<Box> box = Box::open(surroundings_, BoxSpec{&surroundings_.root, 8_MiB, 100});
  ASSERT_FALSE(box);
  EXPECT_NE(box.error().message().find("/nonesuch"), std::string::npos) << box.error().message();
}

TEST_F(BoxTest, DoesNothingMoreAfterAListThatFailed) {
  const Box box = open();
  const auto perform = [&](const char* what, long nr, std::initializer_list<CallList::Arg> args) {
    BoardWriter writer = box.scratch_writer();
    CallList list(writer);
    list.add(what, nr, args);
    const Offset where = list.finish();
    EXPECT_TRUE(box.send(OrderMessage{Order::kPerform, 1, where, 0, 0}));
    const Result<ReplyMessage> reply = box.receive();
    EXPECT_TRUE(reply && reply->reply == Reply::kPerformed);
    return reinterpret_cast<const Call*>(writer.at(where))->error;
  };
  EXPECT_EQ(perform("a directory", SYS_mkdirat, {AT_FDCWD, "/tmp/before", 0755}), 0);
  EXPECT_EQ(perform("what fails", SYS_chdir, {"/nonesuch"}), ENOENT);
  EXPECT_EQ(perform("another directory", SYS_mkdirat, {AT_FDCWD, "/tmp/after", 0755}), ECANCELED);
  EXPECT_EQ(::faccessat(box.scratch_fd(), "tmp/before", F_OK, 0), 0);
  EXPECT_EQ(::faccessat(box.scratch_fd(), "tmp/after", F_OK, 0), -1);

  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(box.send(OrderMessage{Order::kRun, 0, 0, 0, 0}, std::array{null.get(), null.get()}));
  const Result<ReplyMessage> ended = box.receive();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->reply, Reply::kEnded);
  EXPECT_EQ(box.board().report.failure.error, ECANCELED);
}

}  // namespace
}  // namespace bailiff
