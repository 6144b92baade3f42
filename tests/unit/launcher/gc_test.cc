// What gc cannot remove stays on record, and gc says why. The engine is a test's, cgroups are plain directories.
#include "launcher/gc.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/launcher/directory_test.h"
#include "tests/unit/launcher/fake_engine.h"

namespace bailiff {
namespace {

namespace fs = std::filesystem;
using test::Connection;
using test::FakeEngine;
using test::http;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

class GcTest : public test::DirectoryTest {
 protected:
  GcTest() {
    ::setenv("BAILIFF_STATE", leases().c_str(), 1);
    layout_ = {.v2 = true, .cpu = directory_ + "/cgroup", .mounts = {directory_ + "/cgroup"}};
    fs::create_directories(slot());
  }

  [[nodiscard]] std::string leases() const { return directory_ + "/leases"; }
  [[nodiscard]] std::string slot() const { return directory_ + "/cgroup/bailiff/slot0"; }

  /// A launcher that was killed with this on record; the lease as gc takes it.
  Lease killed(const LeaseRecord& record) {
    Lease lease = Lease::take(leases()).value();
    EXPECT_TRUE(lease.write(record));
    return lease;
  }

  FakeEngine::Handler engine() {
    return [this](const std::string& request, Connection& connection) {
      if (has(request, "/info")) {
        connection.send(http(200, R"({"ServerVersion":"20.10","CgroupDriver":"none","CgroupVersion":"2"})"));
      } else if (has(request, "/containers/json")) {
        connection.send(http(200, R"([{"Id":"c0ffee","Names":["/b-1"],"Labels":{"bailiff.owner":"1:2:3",)"
                                  R"("bailiff.deadline":"1"}}])"));
      } else if (has(request, "DELETE")) {
        connection.send(removal_);
      } else {
        connection.send(http(200, R"({"Id":"c0ffee"})"));
      }
    };
  }

  CgroupLayout layout_;
  std::string removal_ = http(204, "");
};

TEST_F(GcTest, RemovesWhatIsOnRecord) {
  FakeEngine daemon(engine());
  DockerClient docker(daemon.socket_path());
  Lease lease = killed({.socket = daemon.socket_path(), .name = "b-1", .slot = "/bailiff/slot0"});
  const Cleared cleared = clear_record(docker, layout_, lease, deadline_in(5s));
  EXPECT_EQ(cleared.removed, (std::vector<std::string>{"container b-1", "slot /bailiff/slot0"}));
  EXPECT_EQ(cleared.left, "");
  EXPECT_TRUE(lease.record().empty());
  EXPECT_FALSE(fs::exists(slot()));
}

TEST_F(GcTest, RemovesTheSlotOfACheckThatWasKilled) {
  FakeEngine daemon(engine());
  DockerClient docker(daemon.socket_path());
  Lease lease = killed({.socket = daemon.socket_path(), .slot = "/bailiff/slot0"});
  EXPECT_EQ(clear_record(docker, layout_, lease, deadline_in(5s)).removed,
            std::vector<std::string>{"slot /bailiff/slot0"});
  EXPECT_TRUE(lease.record().empty());
  EXPECT_FALSE(fs::exists(slot()));
}

TEST_F(GcTest, AContainerThatCannotBeRemovedStaysOnRecordWithTheCause) {
  removal_ = http(500, R"({"message":"driver failed to remove root filesystem: device or resource busy"})");
  FakeEngine daemon(engine());
  DockerClient docker(daemon.socket_path());
  const LeaseRecord record = {.socket = daemon.socket_path(), .name = "b-1", .slot = "/bailiff/slot0"};
  { const Lease lease = killed(record); }
  const Result<Collected> collected = collect_garbage(docker, deadline_in(5s));
  ASSERT_TRUE(collected && collected->problems.size() == 2);  // by its record, and by its label
  EXPECT_TRUE(has(collected->problems[0], "lease 0: b-1: ")) << collected->problems[0];
  EXPECT_TRUE(has(collected->problems[0], "device or resource busy")) << collected->problems[0];
  EXPECT_FALSE(has(collected->problems[0], "belongs to")) << collected->problems[0];
  EXPECT_EQ(Lease::take(leases())->record(), record);
}

TEST_F(GcTest, AContainerThatIsLateIsRemovedUnlessItsLauncherIsAtWork) {
  FakeEngine daemon(engine());
  DockerClient docker(daemon.socket_path());
  {
    const Lease waiting = killed({.socket = daemon.socket_path(), .name = "b-1"});
    EXPECT_EQ(collect_garbage(docker, deadline_in(5s)).value().removed, std::vector<std::string>{});
  }
  fs::remove_all(leases());
  EXPECT_EQ(collect_garbage(docker, deadline_in(5s)).value().removed, std::vector<std::string>{"container b-1"});
}

TEST_F(GcTest, WhatIsALivingOtherDaemonsIsItsAlone) {
  FakeEngine daemon(engine()), other(engine());
  DockerClient docker(daemon.socket_path());
  const LeaseRecord record = {.socket = other.socket_path(), .name = "b-1", .slot = "/bailiff/slot0"};
  Lease lease = killed(record);
  const Cleared cleared = clear_record(docker, layout_, lease, deadline_in(5s));
  EXPECT_EQ(cleared.left, "b-1 belongs to the Docker daemon at " + other.socket_path());
  EXPECT_EQ(lease.record(), record);
  EXPECT_TRUE(fs::exists(slot()));
}

TEST_F(GcTest, ASlotThatCannotBeRemovedStaysOnRecordWithTheCause) {
  std::ofstream(slot() + "/file") << "no cgroup has this: rmdir fails";
  FakeEngine daemon(engine());
  DockerClient docker(daemon.socket_path());
  const LeaseRecord record = {.socket = daemon.socket_path(), .name = "b-1", .slot = "/bailiff/slot0"};
  Lease lease = killed(record);
  const Cleared cleared = clear_record(docker, layout_, lease, deadline_in(5s));
  EXPECT_EQ(cleared.removed, std::vector<std::string>{"container b-1"});
  EXPECT_EQ(cleared.left, "slot /bailiff/slot0: remove cgroup " + slot() + ": Directory not empty");
  EXPECT_EQ(lease.record(), record);
}

}  // namespace
}  // namespace bailiff
