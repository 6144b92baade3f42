#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "launcher/container.h"

namespace bailiff {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(RunscDate, IsReadFromEveryFormInUse) {
  EXPECT_EQ(runsc_date("runsc version release-20240729.0\nspec: 1.1.0-rc.1\n"), 20240729U);
  EXPECT_EQ(runsc_date("runsc version 0.0~20221219.0\nspec: 1.0.2\n"), 20221219U);
  EXPECT_EQ(runsc_date("runsc version release-20260817.1-12-g123456789abc\n"), 20260817U);
  EXPECT_EQ(runsc_date("runsc version VERSION_MISSING\n"), 0U);
  EXPECT_EQ(runsc_date(""), 0U);
}

/// A program called runsc that says it is of this version.
class FakeRunsc {
 public:
  explicit FakeRunsc(const std::string& says) {
    std::string name = "/tmp/fake-runsc.XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    std::ofstream(path()) << "#!/bin/sh\n" << says << "\n";
    ::chmod(path().c_str(), 0755);
  }
  ~FakeRunsc() { std::filesystem::remove_all(directory_); }
  FakeRunsc(const FakeRunsc&) = delete;
  FakeRunsc& operator=(const FakeRunsc&) = delete;
  [[nodiscard]] std::string path() const { return directory_ + "/runsc"; }

 private:
  std::string directory_;
};

std::string refusal(const std::string& path) {
  const auto checked = check_runtime({.runtimes = {{"runsc", path}, {"runc", "runc"}}}, "runsc");
  return checked ? "" : checked.error().message();
}

TEST(Runtime, ThatIsNotRegisteredIsRefusedWithTheFix) {
  const auto checked = check_runtime({.runtimes = {{"runc", "runc"}}}, "runsc");
  ASSERT_FALSE(checked);
  EXPECT_TRUE(has(checked.error().message(), "Docker has no runtime runsc (it has: runc)"));
  EXPECT_TRUE(has(checked.error().message(), "daemon.json"));
  EXPECT_TRUE(has(checked.error().message(), "--runtime"));
}

TEST(Runtime, NewEnoughIsTaken) {
  const FakeRunsc runsc("echo runsc version release-20240729.0");
  EXPECT_EQ(refusal(runsc.path()), "");
}

TEST(Runtime, TooOldIsRefusedWithTheFix) {
  const FakeRunsc runsc("echo runsc version 0.0~20221219.0");
  EXPECT_TRUE(has(refusal(runsc.path()), "is of 20221219")) << refusal(runsc.path());
  EXPECT_TRUE(has(refusal(runsc.path()), "install a newer one"));
}

TEST(Runtime, WithoutADateIsRefused) {
  const FakeRunsc runsc("echo runsc version VERSION_MISSING");
  EXPECT_TRUE(has(refusal(runsc.path()), "names no date"));
  EXPECT_TRUE(has(refusal("/nonexistent/runsc"), "names no date"));
}

TEST(Runtime, ThatDoesNotAnswerIsNotWaitedFor) {
  const FakeRunsc runsc("exec sleep 100");
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(has(refusal(runsc.path()), "names no date"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 20s);
}

TEST(Runtime, IsKnownByItsProgram) {
  const EngineInfo engine = {
      .runtimes = {{"gvisor", "/opt/runsc-20240729"}, {"runsc", "runc"}, {"kata", "/k/kata-runtime"}}};
  EXPECT_EQ(runtime_kind(engine, "gvisor"), "runsc");
  EXPECT_EQ(runtime_kind(engine, "runsc"), "runc") << "a name proves nothing";
  EXPECT_EQ(runtime_kind(engine, "kata"), "kata-runtime");
}

TEST(Owner, IsAliveWhileItsProcessIs) {
  EXPECT_TRUE(owner_may_live(owner_label()));
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string label = owner_label();
    (void)!::write(told[1], label.data(), label.size());
    ::_exit(0);
  }
  char text[256];
  const ssize_t got = ::read(told[0], text, sizeof text);
  ASSERT_GT(got, 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  const std::string label(text, static_cast<std::size_t>(got));
  EXPECT_FALSE(owner_may_live(label)) << label;
  ::close(told[0]);
  ::close(told[1]);
}

TEST(Owner, OfAnotherPidNamespaceMayLive) {
  const std::string label = owner_label();
  EXPECT_TRUE(owner_may_live("1" + label.substr(0, label.find(':')) + ":999999:1"));
  EXPECT_TRUE(owner_may_live("no label of ours"));
}

TEST(Owner, ANumberUsedAgainIsNotIt) {
  std::string label = owner_label();
  label.back() = label.back() == '1' ? '2' : '1';  // another start time
  EXPECT_FALSE(owner_may_live(label));
}

}  // namespace
}  // namespace bailiff
