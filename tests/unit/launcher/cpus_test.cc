#include "launcher/cpus.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/unit/launcher/directory_test.h"

namespace bailiff {
namespace {

class CpusTest : public test::DirectoryTest {
 protected:
  CpusTest() {
    EXPECT_EQ(::pipe2(cancel_, O_CLOEXEC), 0);
  }
  ~CpusTest() override {
    ::close(cancel_[0]);
    ::close(cancel_[1]);
  }

  [[nodiscard]] Cpus choose(const std::string& wanted, const std::vector<std::string>& others = {}) const {
    return Cpus::choose(directory_, wanted, others).value();
  }
  /// Waits as long as the test may take.
  static Cpus::Turn turn_on(const Cpus& cpus) { return cpus.wait_for_turn(-1).value(); }
  void cancel() const { EXPECT_EQ(::write(cancel_[1], "", 1), 1); }

  int cancel_[2] = {-1, -1};
};

TEST(CpuList, IsReadAsTheKernelWritesIt) {
  using List = std::vector<unsigned>;
  EXPECT_EQ(parse_cpu_list("0"), List({0}));
  EXPECT_EQ(parse_cpu_list("7,0-2,2"), List({0, 1, 2, 7}));
  for (const char* bad : {"", "all", "-1", "1-", "3-2", "0,,1", "0,", " 0", "0x1", "0-4294967295", "8192"})
    EXPECT_EQ(parse_cpu_list(bad), std::nullopt) << bad;
}

TEST_F(CpusTest, OneIsChosenThatNoOtherHas) {
  cpu_set_t usable;
  ASSERT_EQ(::sched_getaffinity(0, sizeof usable, &usable), 0);
  std::vector<std::string> others;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &usable)) continue;
    const std::string list = choose("", others).list();
    EXPECT_EQ(std::count(others.begin(), others.end(), list), 0) << list << " is taken, others are free";
    EXPECT_TRUE(CPU_ISSET(static_cast<unsigned>(std::stoul(list)), &usable)) << list;
    others.push_back(list);
  }
  const std::string first = others.front();
  others.front() = "";  // of a container that may be everywhere
  EXPECT_EQ(choose("", others).list(), first);
}

TEST_F(CpusTest, OfThoseThisProcessMayUse) {
  cpu_set_t usable;
  ASSERT_EQ(::sched_getaffinity(0, sizeof usable, &usable), 0);
  unsigned last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(last, &usable)) --last;
  std::string list;
  std::thread([&] {  // an affinity is a thread's
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    EXPECT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    list = choose("", {std::to_string(last)}).list();
  }).join();
  EXPECT_EQ(list, std::to_string(last));
}

TEST_F(CpusTest, AListIsTakenAsItIsAndNonsenseRefused) {
  EXPECT_EQ(choose("2-3,0").list(), "2-3,0");
  EXPECT_EQ(choose("all").list(), "");
  const auto refused = Cpus::choose(directory_, "two", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().key, "--cpus");
}

TEST_F(CpusTest, WhoWaitsCanGiveUp) {
  const Cpus mine = choose("0"), others = choose("0-1");
  const Cpus::Turn turn = turn_on(mine);
  cancel();
  const auto waited = others.wait_for_turn(cancel_[0]);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, ECANCELED);
}

TEST_F(CpusTest, WhoGaveUpHoldsNothing) {
  const Cpus mine = choose("1"), others = choose("0-1"), third = choose("0-1");
  {
    const Cpus::Turn turn = turn_on(mine);
    cancel();
    ASSERT_FALSE(others.wait_for_turn(cancel_[0]));  // it had 0 when it gave up waiting for 1
  }
  (void)turn_on(third);  // else forever
}

TEST_F(CpusTest, OnOneCpuOneRunsAtATime) {
  std::atomic<int> running = 0, most = 0;
  const auto run = [&](const char* list) {
    const Cpus cpus = choose(list);
    for (int i = 0; i < 20; ++i) {
      const Cpus::Turn turn = turn_on(cpus);
      most = std::max<int>(most, ++running);
      std::this_thread::sleep_for(1ms);
      --running;
    }
  };
  std::thread one(run, "0"), two(run, "0-1"), three(run, "1,0");
  one.join();
  two.join();
  three.join();
  EXPECT_EQ(most, 1);
}

TEST_F(CpusTest, DifferentOnesDoNotWaitForEachOther) {
  const Cpus mine = choose("0"), others = choose("1"), anywhere = choose("all");
  const Cpus::Turn one = turn_on(mine);
  (void)turn_on(others);  // else forever
  (void)turn_on(anywhere);
}

TEST_F(CpusTest, WhoHasHadItDoesNotGetItBeforeWhoWaits) {
  const Cpus mine = choose("0"), others = choose("0");
  std::atomic<bool> had = false;
  std::thread waiting;
  for (int turns = 0; turns < 3 && !had; ++turns) {
    const Cpus::Turn turn = turn_on(mine);
    if (!waiting.joinable()) {
      waiting = std::thread([&] {
        const Cpus::Turn theirs = turn_on(others);
        had = true;
      });
    }
    std::this_thread::sleep_for(300ms);  // until it waits, a hundred times over
  }
  EXPECT_TRUE(had);
  waiting.join();
}

TEST_F(CpusTest, AHolderThatIsKilledHoldsNothing) {
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Cpus cpus = choose("0");
    const Cpus::Turn turn = turn_on(cpus);
    (void)!::write(told[1], "", 1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(told[0], &byte, 1), 1);
  const Cpus mine = choose("0");
  cancel();
  EXPECT_FALSE(mine.wait_for_turn(cancel_[0])) << "the child has it";
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  (void)turn_on(mine);  // else forever
  ::close(told[0]);
  ::close(told[1]);
}

}  // namespace
}  // namespace bailiff
