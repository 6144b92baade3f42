#include "launcher/program.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace bailiff {
namespace {

ProgramEnd shell(const std::string& script, Nanos patience = 10s, bool with_errors = false) {
  return run_program({"/bin/sh", "-c", script}, with_errors, deadline_in(patience));
}

TEST(RunProgram, SaysHowItEndedAndWhatItPrinted) {
  EXPECT_EQ(shell("echo a; echo b >&2; exit 3").exit_code, 3);
  EXPECT_EQ(shell("echo a; echo b >&2").output, "a\n");
  EXPECT_EQ(shell("echo a; echo b >&2", 10s, /*with_errors=*/true).output, "a\nb\n");
  EXPECT_EQ(shell("cat").output, "") << "its input is empty";
  EXPECT_EQ(run_program({"/nonexistent"}, false, deadline_in(1s)).exit_code, -1);
  EXPECT_EQ(shell("kill -9 $$").exit_code, -1);
}

TEST(RunProgram, EndsAtTheDeadlineAndWithTooMuchOutput) {
  EXPECT_EQ(shell("exec sleep 60", 100ms).exit_code, -1);
  EXPECT_EQ(shell("exec sleep 60 >&-", 100ms).exit_code, -1) << "without output, too";
  EXPECT_LE(shell("exec yes").output.size(), 8192U);
}

TEST(RunProgram, WhereChildrenAreNotWaitedForNothingPassesForSuccess) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  EXPECT_EQ(shell("exit 3").exit_code, -1);
  ::signal(SIGCHLD, before);
}

}  // namespace
}  // namespace bailiff
