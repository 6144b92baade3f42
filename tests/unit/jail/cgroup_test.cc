// Works on any host with a writable cgroup v2 tree; what needs the memory controller is tested where there is one.

#include "jail/cgroup.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "jail/cgroup_files.h"

namespace bailiff {
namespace {

class CgroupTest : public testing::Test {
 protected:
  void SetUp() override {
    tree_ = CgroupTree::find_own();
    if (!tree_.available()) GTEST_SKIP() << tree_.why_not();
  }
  CgroupLeaf create() {
    Result<CgroupLeaf> leaf = CgroupLeaf::create(tree_);
    EXPECT_TRUE(leaf) << leaf.error().message();
    return leaf ? *std::move(leaf) : CgroupLeaf();
  }
  [[nodiscard]] bool exists(const std::string& name) const {
    return ::faccessat(tree_.fd(), name.c_str(), F_OK, 0) == 0;
  }

  CgroupTree tree_;
};

/// A process inside `leaf` (-1: outside) that does `work` and then waits to be killed.
template <typename Work>
pid_t start_inside(int procs_fd, Work work) {
  int ready[2];
  EXPECT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (procs_fd >= 0 && ::write(procs_fd, "0", 1) != 1) ::_exit(1);
    work();
    (void)!::write(ready[1], "+", 1);
    for (;;) ::pause();
  }
  char word = 0;
  EXPECT_EQ(::read(ready[0], &word, 1), 1);
  ::close(ready[0]);
  ::close(ready[1]);
  return pid;
}

void burn(Nanos goal) {
  timespec used = {};
  do {
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  } while (std::chrono::seconds(used.tv_sec) + Nanos(used.tv_nsec) < goal);
}

int end_of(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

TEST(CgroupTree, IsAvailableOrSaysWhyNot) {
  const CgroupTree tree = CgroupTree::find_own();
  EXPECT_NE(tree.available(), !tree.why_not().empty());
  if (tree.available()) {
    EXPECT_EQ(tree.path().substr(0, 1), "/");
    EXPECT_EQ(tree.why_lacks("nonesuch"), tree.path() + "/cgroup.controllers has no nonesuch");
  }
}

TEST(CgroupTree, AtAPathThatIsNoneNamesTheOption) {
  for (const char* path : {"relative", "/nonesuch", "/tmp"}) {
    const Result<CgroupTree> tree = CgroupTree::find_at(path);
    ASSERT_FALSE(tree) << path;
    EXPECT_EQ(tree.error().fault, Fault::kRequest);
    EXPECT_EQ(tree.error().key, "--cgroup");
  }
}

TEST_F(CgroupTest, ALeafLeavesNothingBehind) {
  std::string name;
  {
    const CgroupLeaf leaf = create();
    name = leaf.name();
    EXPECT_TRUE(exists(name));
  }
  EXPECT_FALSE(exists(name));
}

TEST_F(CgroupTest, TwoLeavesAreTwoDirectories) {
  const CgroupLeaf a = create();
  const CgroupLeaf b = create();
  EXPECT_NE(a.name(), b.name());
}

TEST_F(CgroupTest, AMovedLeafIsRemovedOnce) {
  CgroupLeaf a = create();
  const std::string first = a.name();
  CgroupLeaf b = std::move(a);
  EXPECT_TRUE(exists(first));
  EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move): empty is what a moved-from leaf is
  CgroupLeaf c = create();
  const std::string second = c.name();
  c = std::move(b);
  EXPECT_TRUE(exists(first));
  EXPECT_FALSE(exists(second)) << "what was assigned over must go";
}

TEST_F(CgroupTest, ALeafTakesWhatIsAliveInsideWithIt) {
  pid_t pid = -1;
  std::string name;
  {
    const CgroupLeaf leaf = create();
    name = leaf.name();
    const Result<UniqueFd> procs = leaf.open_procs();
    ASSERT_TRUE(procs);
    pid = start_inside(procs->get(), [] {});
  }
  EXPECT_EQ(end_of(pid), SIGKILL);
  EXPECT_FALSE(exists(name));
}

TEST_F(CgroupTest, WhatLivesInGroupsBelowGoesToo) {
  pid_t pid = -1;
  std::string name;
  {
    const CgroupLeaf leaf = create();
    name = leaf.name();
    ASSERT_EQ(::mkdirat(leaf.fd(), "below", 0755), 0);
    ASSERT_EQ(::mkdirat(leaf.fd(), "below/deeper", 0755), 0);
    const UniqueFd procs(::openat(leaf.fd(), "below/deeper/cgroup.procs", O_WRONLY | O_CLOEXEC));
    pid = start_inside(procs.get(), [] {});
    ASSERT_TRUE(put(leaf.fd(), "below/cgroup.freeze", "1"));
  }
  EXPECT_EQ(end_of(pid), SIGKILL);
  EXPECT_FALSE(exists(name));
}

TEST_F(CgroupTest, WithoutCgroupKillProcessesAreKilledOneByOne) {  // Linux before 5.14
  const CgroupLeaf leaf = create();
  ASSERT_EQ(::mkdirat(leaf.fd(), "below", 0755), 0);
  const Result<UniqueFd> procs = leaf.open_procs();
  const UniqueFd below(::openat(leaf.fd(), "below/cgroup.procs", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(procs && below);
  const pid_t pids[] = {start_inside(procs->get(), [] {}), start_inside(procs->get(), [] {}),
                        start_inside(below.get(), [] {})};
  kill_group_one_by_one(leaf.fd());
  for (const pid_t pid : pids) EXPECT_EQ(end_of(pid), SIGKILL);
}

TEST_F(CgroupTest, TheNameIsAnnouncedBeforeTheDirectoryExists) {
  char name[64] = "";
  const Result<CgroupLeaf> leaf = CgroupLeaf::create(tree_, name);
  ASSERT_TRUE(leaf);
  EXPECT_EQ(leaf->name(), name);
  EXPECT_TRUE(leaf->fresh());
  CgroupTree nowhere;  // mkdir fails, and the name stands all the same
  EXPECT_FALSE(CgroupLeaf::create(nowhere, name));
  EXPECT_NE(leaf->name(), name);
}

TEST_F(CgroupTest, AnEmptyLeafCanBeRemovedAndAFullOneNot) {
  CgroupLeaf leaf = create();
  const std::string name = leaf.name();
  const Result<UniqueFd> procs = leaf.open_procs();
  ASSERT_TRUE(procs);
  const pid_t pid = start_inside(procs->get(), [] {});
  EXPECT_FALSE(leaf.remove_if_empty());
  EXPECT_TRUE(exists(name));
  ::kill(pid, SIGKILL);
  end_of(pid);
  EXPECT_TRUE(leaf.remove_if_empty());
  EXPECT_FALSE(exists(name));
  EXPECT_TRUE(leaf.remove_if_empty()) << "it is gone already";
}

TEST_F(CgroupTest, ALeafCountsTheCpuTimeOfWhatRanInside) {
  CgroupLeaf leaf = create();
  ASSERT_TRUE(leaf.begin_run(Limits()));
  const Result<UniqueFd> procs = leaf.open_procs();
  ASSERT_TRUE(procs);
  const pid_t pid = start_inside(procs->get(), [] { burn(50ms); });
  ::kill(pid, SIGKILL);
  end_of(pid);
  const Result<CgroupCpu> cpu = leaf.cpu();
  ASSERT_TRUE(cpu) << cpu.error().message();
  EXPECT_GE(cpu->total, 45ms);  // what it used before it was inside is not in it
  EXPECT_LT(cpu->total, 100ms);
}

TEST_F(CgroupTest, ALeafCountsEachRunFromItsBeginning) {
  CgroupLeaf leaf = create();
  ASSERT_TRUE(leaf.begin_run(Limits()));
  const Result<UniqueFd> procs = leaf.open_procs();
  ASSERT_TRUE(procs);
  const pid_t pid = start_inside(procs->get(), [] { burn(50ms); });
  ::kill(pid, SIGKILL);
  end_of(pid);
  ASSERT_TRUE(leaf.begin_run(Limits()));
  const Result<CgroupCpu> cpu = leaf.cpu();
  ASSERT_TRUE(cpu);
  EXPECT_LT(cpu->total, 20ms);
}

/// A process that made a leaf as a supervisor does; its name. `stay` leaves another process inside the leaf.
struct Owner {
  pid_t pid = -1;
  std::string leaf;
};
Owner start_owner(const CgroupTree& tree, bool stay = false) {
  int answer[2];
  EXPECT_EQ(::pipe2(answer, O_CLOEXEC), 0);
  Owner owner;
  owner.pid = ::fork();
  if (owner.pid == 0) {
    Result<CgroupLeaf> leaf = CgroupLeaf::create(tree);
    if (!leaf) ::_exit(1);
    if (stay) {
      const Result<UniqueFd> procs = leaf->open_procs();
      if (::fork() == 0) {
        (void)!::write(procs->get(), "0", 1);
        ::close(leaf->fd());  // the lock is the owner's alone
        for (;;) ::pause();
      }
      ::usleep(20000);
    }
    (void)!::write(answer[1], leaf->name().data(), leaf->name().size());
    for (;;) ::pause();
  }
  char name[64] = "";
  EXPECT_GT(::read(answer[0], name, sizeof name - 1), 0);
  owner.leaf = name;
  ::close(answer[0]);
  ::close(answer[1]);
  return owner;
}

TEST_F(CgroupTest, TheLeafOfALivingSupervisorIsLeftAlone) {
  const Owner owner = start_owner(tree_);
  ASSERT_TRUE(exists(owner.leaf));
  (void)CgroupTree::find_own();  // sweeps
  EXPECT_TRUE(exists(owner.leaf));
  ::kill(owner.pid, SIGKILL);
  end_of(owner.pid);
  (void)CgroupTree::find_own();
  EXPECT_FALSE(exists(owner.leaf)) << "the leaf of one that was killed is swept";
}

TEST_F(CgroupTest, WhatOnlyBeginsLikeALeafIsNotSwept) {
  for (const std::string suffix : {"-group", "-1-of-mine", "-x-1"}) {
    const std::string name = "bailiff" + suffix + "-test";
    ASSERT_EQ(::mkdirat(tree_.fd(), name.c_str(), 0755), 0) << name;
    (void)CgroupTree::find_own();
    EXPECT_TRUE(exists(name)) << name;
    ::unlinkat(tree_.fd(), name.c_str(), AT_REMOVEDIR);
  }
}

TEST_F(CgroupTest, WhatADeadSupervisorLeftRunningIsSweptToo) {
  const Owner owner = start_owner(tree_, /*stay=*/true);
  ::kill(owner.pid, SIGKILL);
  end_of(owner.pid);
  for (int i = 0; i < 100 && exists(owner.leaf); ++i) {  // the kernel's kill is asynchronous: the next sweep has it
    (void)CgroupTree::find_own();
    ::usleep(10000);
  }
  EXPECT_FALSE(exists(owner.leaf));
}

TEST_F(CgroupTest, MemoryIsHeldAndCountedExactlyWhereTheControllerIs) {
  CgroupLeaf leaf = create();
  Limits limits;
  limits.memory = 16_MiB;
  ASSERT_TRUE(leaf.begin_run(limits));
  const Result<UniqueFd> procs = leaf.open_procs();
  ASSERT_TRUE(procs);
  const pid_t pid = ::fork();
  if (pid == 0) {
    (void)!::write(procs->get(), "0", 1);
    const std::string hog(std::size_t{64} << 20, 'x');
    ::_exit(hog.back() == 'x' ? 0 : 1);
  }
  const int status = end_of(pid);
  if (!tree_.has("memory")) {
    EXPECT_EQ(status, 0) << tree_.why_lacks("memory");
    EXPECT_EQ(leaf.memory_peak(), std::nullopt);
    EXPECT_EQ(leaf.memory_events().oom_kill, 0U);
    EXPECT_TRUE(leaf.reusable());
    return;
  }
  EXPECT_EQ(status, SIGKILL);
  EXPECT_GE(leaf.memory_events().oom_kill, 1U);
  if (leaf.memory_peak()) {  // Linux 5.19
    EXPECT_GE(leaf.memory_peak()->count, (15_MiB).count);
    EXPECT_LE(leaf.memory_peak()->count, (16_MiB).count);
  }
}

}  // namespace
}  // namespace bailiff
