// The launcher against an engine that a test plays: whatever happens to a container, there is an answer.
#include "launcher/runner.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "spec/frame.h"
#include "spec/json.h"
#include "tests/unit/launcher/directory_test.h"
#include "tests/unit/launcher/fake_engine.h"
#include "tests/unit/spec/example_result.h"

namespace bailiff {
namespace {

using test::Connection;
using test::FakeEngine;
using test::frame;
using test::http;
using test::multiplexed;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Takes requests apart, as a supervisor would.
class Requests {
 public:
  explicit Requests(Connection& connection) : connection_(connection) {}
  /// The header of the next; empty at the end of the stream.
  std::string next() {
    for (;;) {
      if (raw_.size() >= kFramePrefixBytes) {
        const auto prefix = parse_frame_prefix(std::as_bytes(std::span(raw_)).first<kFramePrefixBytes>());
        const std::size_t body = prefix->body_bytes == 0 ? 0 : prefix->body_bytes + kFrameTrailerBytes;
        const std::size_t whole = kFramePrefixBytes + prefix->header_bytes + body;
        if (raw_.size() >= whole) {
          std::string header = raw_.substr(kFramePrefixBytes, prefix->header_bytes);
          raw_.erase(0, whole);
          return header;
        }
      }
      const std::string more = connection_.receive();
      if (more.empty()) return {};
      raw_ += more;
    }
  }

 private:
  Connection& connection_;
  std::string raw_;
};

struct Played {
  std::string runtime = "runc";
  std::string program = "runc";  // of that runtime
  std::string version = "20.10";  // of the engine
  int cgroups = 2;                // version
  std::string create = http(201, R"({"Id":"c0ffee"})");
  std::string start = http(204, "");
  std::string state = http(200, R"({"State":{"Running":false,"OOMKilled":false,"ExitCode":137}})");
  std::string named = "i";
  std::string image =
      http(200, R"({"Id":"sha256:1","Config":{"Labels":{"bailiff.language":"c"},"Entrypoint":["/s"]}})");
  std::string hello = multiplexed(1, frame(hello_message("0.1.0", "runsc")));
  bool ends_there = false;  // its stream, after the hello
  std::string cpus = "";    // see ContainerSpec
  /// What becomes of the run; by default its stream ends.
  std::function<void(Connection&)> run = [](Connection&) {};
};

class RunnerTest : public test::DirectoryTest {
 protected:
  RunnerTest() { ::setenv("BAILIFF_STATE", directory_.c_str(), 1); }

  FakeEngine::Handler engine_of(Played played) {
    return [this, played = std::move(played)](const std::string& request, Connection& connection) {
      if (has(request, "/info")) {
        ++asked_engine_;
        const std::string runtimes = R"({")" + played.runtime + R"(":{"path":")" + played.program + R"("}})";
        connection.send(http(200, R"({"ServerVersion":")" + played.version + R"(","CgroupDriver":"none","CgroupVersion":")" +
                                      std::to_string(played.cgroups) + R"(","CPUSet":true,"Runtimes":)" + runtimes + "}"));
      } else if (has(request, "/images/")) {
        connection.send(played.image);
      } else if (has(request, "/create")) {
        connection.send(played.create);
      } else if (has(request, "/attach")) {
        connection.send("HTTP/1.1 101 UPGRADED\r\n\r\n" + played.hello);
        if (played.ends_there) return;
        Requests requests(connection);
        for (std::string header = requests.next(); !header.empty(); header = requests.next()) {
          if (has(header, R"("op":"open")")) {
            connection.send(multiplexed(1, frame(opened_message(1, "run", 1ns))));
          } else if (has(header, R"("op":"run")")) {
            asked_ = header;
            played.run(connection);
            return;
          }
        }
      } else if (has(request, "/start")) {
        connection.send(played.start);
      } else if (has(request, "/wait")) {
        connection.send(http(200, R"({"StatusCode":137})"));
      } else if (has(request, "DELETE")) {
        ++removed_;
        connection.send(http(204, ""));
      } else {
        connection.send(played.state);
      }
    };
  }

  /// A program that says it is a runsc that is new enough.
  [[nodiscard]] std::string fake_runsc() const {
    const std::string path = directory_ + "/runsc";
    std::ofstream(path) << "#!/bin/sh\necho runsc version release-20240729.0\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

  /// Error or result, as `bailiff run` prints it.
  std::string run(const Played& played, FakeEngine** engine_out = nullptr, Nanos patience = 5s) {
    FakeEngine engine(engine_of(played));
    if (engine_out != nullptr) *engine_out = &engine;
    DockerClient docker(engine.socket_path());
    auto runner = Runner::in_container(docker, {.image = played.named, .runtime = played.runtime, .cpus = played.cpus},
                                       deadline_in(5s));
    if (!runner) return to_json(runner.error());
    RunSpec spec = {.argv = {"/a"}};
    spec.limits.wall_time = 100ms;
    spec.limits.output = Bytes{1000};
    spec.limits.disk = Bytes{1000};
    const auto opened = runner->open("run", {}, spec.limits, {}, deadline_in(5s));
    if (!opened) return to_json(opened.error());
    const auto result = runner->run("run", spec, "input", patience, cancel_fd_);
    return result ? to_json(result.value()) : to_json(result.error());
  }

  int cancel_fd_ = -1;
  std::atomic<int> removed_ = 0, asked_engine_ = 0;
  std::string asked_;  // the last run's header
};

TEST_F(RunnerTest, WhatIsKnownOfTheDaemonIsNotAskedAgain) {
  FakeEngine engine(engine_of({}));
  DockerClient docker(engine.socket_path());
  const auto known = check_engine(docker, "runc", deadline_in(5s));
  ASSERT_TRUE(known) << known.error().what;
  for (const auto& [given, times] : {std::pair(std::optional(*known), 1), std::pair(std::optional<EngineInfo>(), 2)}) {
    const auto runner = Runner::in_container(docker, {.image = "i", .runtime = "runc", .engine = given}, deadline_in(5s));
    EXPECT_TRUE(runner) << runner.error().what;
    EXPECT_EQ(asked_engine_, times);
  }
}

TEST_F(RunnerTest, ASmallImageIsReadAheadWhereItsFilesWouldBeCharged) {
  const auto image = [](std::uint64_t bytes) {
    return http(200, R"({"Id":"sha256:1","Size":)" + std::to_string(bytes) +
                         R"(,"Config":{"Labels":{"bailiff.language":"c"},"Entrypoint":["/s"]}})");
  };
  constexpr std::uint64_t kMost = 256 << 20;
  const auto command = [&](const Played& played, std::optional<Bytes> memory = {}) {
    FakeEngine engine(engine_of(played));
    DockerClient docker(engine.socket_path());
    (void)Runner::in_container(docker, {.image = "i", .runtime = played.runtime, .memory = memory}, deadline_in(5s));
    const std::string body = engine.body_of("/create");
    const std::size_t from = body.find(R"("Cmd":[)"), to = body.find(']', from);
    return from == std::string::npos ? body : body.substr(from + 6, to - from - 5);
  };
  const std::string reads = R"(["serve","--read-ahead","/"])", reads_not = R"(["serve"])";
  EXPECT_EQ(command({.version = "28.0.1", .image = image(kMost)}), reads);
  EXPECT_EQ(command({.version = "28.0.1", .image = image(kMost + 1)}), reads_not);
  EXPECT_EQ(command({.version = "28.0.1", .image = image(kMost)}, 512_MiB), reads);
  EXPECT_EQ(command({.version = "28.0.1", .image = image(kMost)}, 511_MiB), reads_not) << "they would be half of it";
  EXPECT_EQ(command({.version = "28.0.1", .image = image(0)}), reads_not) << "its size is not known";
  EXPECT_EQ(command({.version = "28.0.1", .cgroups = 1, .image = image(kMost)}), reads_not) << "no groups in there";
  EXPECT_EQ(command({.image = image(kMost)}), reads_not) << "nor here";
  EXPECT_EQ(command({.runtime = "runsc", .program = fake_runsc(), .version = "28.0.1", .image = image(kMost)}), reads_not)
      << "gVisor has its own cache";
}

TEST_F(RunnerTest, HandsOnTheResult) {
  Played played;
  played.run = [](Connection& connection) {
    RunResult result;
    result.status = Verdict::kOk;
    result.stdout_stream.kept = "42\n";
    result.stdout_stream.bytes = 3;
    connection.send(multiplexed(2, "a warning") + multiplexed(1, frame(result_message(2, result), "42\n")));
  };
  const std::string result = run(played);
  EXPECT_TRUE(has(result, R"("status":"OK")")) << result;
  EXPECT_TRUE(has(result, R"("text":"42\n")")) << result;
  EXPECT_TRUE(has(result, R"("runtime":"runc")")) << result;
  EXPECT_EQ(removed_, 1);
}

TEST_F(RunnerTest, PutsEarlyOutputAndTheRestTogether) {
  Played played;
  played.run = [](Connection& connection) {
    RunResult result;
    result.status = Verdict::kOk;
    result.stdout_stream.kept = "2\n";
    result.stdout_stream.early = 1;
    result.stdout_stream.bytes = 3;
    connection.send(multiplexed(1, frame(output_message(2, "stdout"), "4") + frame(result_message(2, result), "2\n")));
  };
  const std::string result = run(played);
  EXPECT_TRUE(has(result, R"("text":"42\n")")) << result;
  EXPECT_FALSE(has(result, "early")) << result;
}

TEST_F(RunnerTest, OutputBeyondAllThatMayComeIsAnInternalError) {
  Played played;
  played.run = [](Connection& connection) {
    const std::string some = frame(output_message(2, "stdout"), std::string(1 << 16, 'x'));
    std::string all;
    for (int i = 0; i < 20; ++i) all += multiplexed(1, some);  // more than a MiB and twice the ceiling of 1000
    connection.send(all);
    connection.wait_until_closed();
  };
  const std::string result = run(played);
  EXPECT_TRUE(has(result, R"("status":"IE","reason":"launcher")")) << result;
  EXPECT_TRUE(has(result, "more than the answer can have")) << result;
}

TEST_F(RunnerTest, AsksOnlyAServerThatKnowsHowForEarlyOutput) {
  Played played;
  (void)run(played);
  EXPECT_TRUE(has(asked_, R"("early_output":true)")) << asked_;
  played.hello = multiplexed(1, frame(R"({"hello":{"protocol":1,"version":"0.1.0","runtime":"runsc"}})"));
  (void)run(played);
  EXPECT_TRUE(has(asked_, R"("op":"run")")) << asked_;
  EXPECT_FALSE(has(asked_, "early_output")) << asked_;
}

TEST_F(RunnerTest, ADeadSupervisorIsAnInternalErrorWithItsLastWords) {
  Played played;
  played.run = [](Connection& connection) { connection.send(multiplexed(2, "first\nkilled by a bug\n")); };
  const std::string result = run(played);
  EXPECT_TRUE(has(result, R"("status":"IE","reason":"launcher")")) << result;
  EXPECT_TRUE(has(result, "exit code 137")) << result;
  EXPECT_TRUE(has(result, "killed by a bug")) << result;
  EXPECT_EQ(removed_, 1);
}

TEST_F(RunnerTest, ASupervisorThatDoesNotKnowItsCommandLineIsAnImageToBeMadeAnew) {
  Played played;
  played.hello = multiplexed(2, "The following argument was not expected: --cpus\n");
  played.ends_there = true;
  played.state = http(200, R"({"State":{"Running":false,"OOMKilled":false,"ExitCode":64}})");
  const std::string result = run(played);
  EXPECT_TRUE(has(result, "bailiff images build")) << result;
  EXPECT_TRUE(has(result, "not expected: --cpus")) << result;
  EXPECT_EQ(removed_, 1);
}

TEST_F(RunnerTest, AnOutOfMemoryKillOfTheContainerIsAMemoryLimit) {
  Played played;
  played.state = http(200, R"({"State":{"Running":false,"OOMKilled":true,"ExitCode":137}})");
  const std::string result = run(played);
  EXPECT_TRUE(has(result, R"("status":"MLE","reason":"container_oom")")) << result;
  EXPECT_TRUE(has(result, R"("killed_by":"kernel_oom","limits_exceeded":["memory"])")) << result;
}

TEST_F(RunnerTest, AHungSupervisorIsAnInternalErrorInTime) {
  Played played;
  played.run = [](Connection& connection) { connection.wait_until_closed(); };
  const auto begun = std::chrono::steady_clock::now();
  const std::string result = run(played, nullptr, /*patience=*/300ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s);
  EXPECT_TRUE(has(result, R"("status":"IE","reason":"launcher")")) << result;
  EXPECT_TRUE(has(result, "did not answer in time")) << result;
  EXPECT_EQ(removed_, 1);
}

TEST_F(RunnerTest, ADrippingSupervisorDoesNotBuyTime) {
  Played played;
  played.run = [](Connection& connection) {
    connection.drip(multiplexed(1, frame(result_message(2, RunResult()))), 20);  // 40 s
  };
  const auto begun = std::chrono::steady_clock::now();
  const std::string result = run(played, nullptr, /*patience=*/300ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s);
  EXPECT_TRUE(has(result, "did not answer in time")) << result;
}

TEST_F(RunnerTest, AVanishedDaemonIsAnInternalErrorThatSaysSo) {
  Played played;
  FakeEngine* engine = nullptr;
  played.run = [&engine](Connection&) { engine->vanish(); };
  const std::string result = run(played, &engine);
  EXPECT_TRUE(has(result, R"("status":"IE","reason":"launcher")")) << result;
  EXPECT_TRUE(has(result, "Docker is not running (systemctl start docker)")) << result;
  EXPECT_TRUE(has(result, "bailiff gc removes what is left, and the run can be made again")) << result;
  // What it could not remove is on record, for gc.
  EXPECT_EQ(Lease::take(directory_)->record().container, "c0ffee");
}

TEST_F(RunnerTest, GarbageInTheStreamIsAnInternalError) {
  Played played;
  played.run = [](Connection& connection) { connection.send("no header at all"); };
  EXPECT_TRUE(has(run(played), R"("status":"IE","reason":"launcher")"));
}

TEST_F(RunnerTest, AnotherProtocolIsNamed) {
  Played played;
  played.hello = multiplexed(1, frame(R"({"hello":{"protocol":2,"version":"9.0","runtime":"runsc"}})"));
  EXPECT_TRUE(has(run(played), "speaks protocol 2, this launcher 1: build the image again")) << run(played);
  EXPECT_GE(removed_, 1);
}

TEST_F(RunnerTest, AnImageWithoutASupervisorIsNamed) {
  Played played;
  played.hello = multiplexed(1, "Welcome to the shell\n");
  const std::string error = run(played);
  EXPECT_TRUE(has(error, R"("error")")) << error;
  EXPECT_TRUE(has(error, "image i under runc: the supervisor did not say hello")) << error;
  EXPECT_EQ(removed_, 1);
}

TEST_F(RunnerTest, AnImageThatSaysNothingIsGivenUp) {
  Played played;
  played.hello = "";
  const std::string error = run(played);
  EXPECT_TRUE(has(error, "did not say hello: it did not answer in time")) << error;
  EXPECT_EQ(removed_, 1);
}

TEST_F(RunnerTest, AnInterruptionBeforeTheHelloIsOne) {
  Played played;
  played.hello = "";
  FakeEngine engine(engine_of(played));
  DockerClient docker(engine.socket_path());
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  ASSERT_EQ(::write(told[1], "x", 1), 1);
  const auto runner = Runner::in_container(docker, {.image = "i", .runtime = "runc"}, deadline_in(5s, told[0]));
  ASSERT_FALSE(runner);
  EXPECT_EQ(runner.error().code, ECANCELED) << runner.error().message();
  EXPECT_EQ(removed_, 1);
  ::close(told[0]), ::close(told[1]);
}

TEST_F(RunnerTest, ASlotThatIsNotMadeIsNotOnRecord) {
  Played played;
  std::optional<LeaseRecord> record;
  played.run = [&](Connection& /*ends*/) { record = Lease::read(lease_directory(), 0); };
  run(played);  // whose engine has no groups of its own
  ASSERT_TRUE(record);
  EXPECT_EQ(record->container, "c0ffee");
  EXPECT_EQ(record->slot, "") << "gc would look for it";
}

TEST_F(RunnerTest, AStartThatFailsIsNamed) {
  Played played;
  played.start =
      http(400, R"({"message":"OCI runtime create failed: exec: \"/s\": no such file or directory"})");
  const std::string error = run(played);
  EXPECT_TRUE(has(error, "no such file or directory")) << error;
  EXPECT_TRUE(has(error, "entry point /s")) << error;
  EXPECT_EQ(removed_, 1);
}

TEST_F(RunnerTest, AnImageWithoutTheLabelIsRefusedUnlessAllowed) {
  Played played;
  played.image = http(200, R"({"Id":"sha256:1","Config":{"Labels":null,"Entrypoint":["/s"]}})");
  const std::string error = run(played);
  EXPECT_TRUE(has(error, "not on the allow-list")) << error;
  EXPECT_TRUE(has(error, R"("kind":"request")")) << error;
  EXPECT_EQ(removed_, 0) << "nothing was created";
}

TEST_F(RunnerTest, AnUnknownImageIsARequestErrorThatSaysHowToGetIt) {
  for (const auto& [image, how] : {std::pair{"i", "docker pull"},
                                   {"bailiff/cpp", "bailiff images build cpp\""},
                                   {"bailiff/cpp-compile", "bailiff images build cpp\""}}) {
    Played played;
    played.named = image;
    played.image = http(404, R"({"message":"No such image: i"})");
    const std::string error = run(played);
    EXPECT_TRUE(has(error, R"("kind":"request","key":"image")")) << error;
    EXPECT_TRUE(has(error, how)) << error;
  }
}

TEST_F(RunnerTest, AFullDiskIsNamedWithTheFix) {
  const std::string full = http(500, R"({"message":"mkdir /var/lib/docker/overlay2/1: no space left on device"})");
  Played creating, starting;
  creating.create = starting.start = full;
  for (const Played& played : {creating, starting}) {
    const std::string error = run(played);
    EXPECT_TRUE(has(error, "no space left on device; make room where Docker keeps its data")) << error;
    EXPECT_TRUE(has(error, "docker system prune")) << error;
    EXPECT_TRUE(has(error, R"("kind":"host")")) << error;
  }
  EXPECT_EQ(removed_, 2) << "also what create may have begun";
}

TEST_F(RunnerTest, ADaemonThatIsRestartedInARunIsNamedWithTheFix) {
  // It ends its containers; back again, it says of this one that it was killed.
  const std::string result = run({});
  EXPECT_TRUE(has(result, R"("status":"IE","reason":"launcher")")) << result;
  EXPECT_TRUE(has(result, "because Docker was restarted")) << result;
  EXPECT_TRUE(has(result, "make the run again")) << result;
}

TEST_F(RunnerTest, ADaemonThatBreaksOffAnAnswerIsNamedWithTheFix) {
  Played played;
  played.start = "HTTP/1.1 20";
  const std::string error = run(played);
  EXPECT_TRUE(has(error, "the daemon's answer broke off")) << error;
  EXPECT_TRUE(has(error, "try again when `docker info` answers")) << error;
  EXPECT_EQ(removed_, 1);
}

TEST_F(RunnerTest, RunsOfTwoContainersOnOneCpuTakeTurns) {
  std::atomic<int> running = 0, most = 0;
  Played played;
  played.cpus = "0";
  played.run = [&](Connection& connection) {
    most = std::max<int>(most, ++running);
    std::this_thread::sleep_for(700ms);  // of four, longer than one's patience: waiting for the CPU is not its time
    --running;
    connection.send(multiplexed(1, frame(result_message(2, RunResult()))));
  };
  std::vector<std::string> results(4);
  std::vector<std::thread> launchers;
  for (std::string& result : results)
    launchers.emplace_back([&] { result = run(played, nullptr, /*patience=*/2s); });
  for (std::thread& launcher : launchers) launcher.join();
  EXPECT_EQ(most, 1);
  for (const std::string& result : results) EXPECT_FALSE(has(result, "launcher")) << result;
}

TEST_F(RunnerTest, WaitingForACpuEndsWhenItIsCancelled) {
  std::filesystem::create_directories(cpus_directory());
  const Cpus others = Cpus::choose(cpus_directory(), "0", {}).value();
  const Cpus::Turn turn = others.wait_for_turn(-1).value();
  int cancel[2];
  ASSERT_EQ(::pipe(cancel), 0);
  cancel_fd_ = cancel[0];
  Played played;
  played.cpus = "0";
  played.run = [](Connection&) { ADD_FAILURE() << "it ran"; };
  std::thread caller([&] {
    std::this_thread::sleep_for(100ms);
    (void)!::write(cancel[1], "", 1);
  });
  const std::string error = run(played);
  caller.join();
  EXPECT_TRUE(has(error, "waiting for CPU 0, where another run goes on: Operation canceled")) << error;
  EXPECT_EQ(removed_, 1);
  ::close(cancel[0]);
  ::close(cancel[1]);
}

TEST_F(RunnerTest, ARuntimeIsReportedAsWhatItIs) {
  Played gvisor, kata;
  gvisor.runtime = "gvisor";
  gvisor.program = fake_runsc();
  kata.runtime = "kata";
  kata.program = "/usr/bin/kata-runtime";
  EXPECT_TRUE(has(run(gvisor), R"("runtime":"runsc")")) << run(gvisor);
  EXPECT_TRUE(has(run(kata), R"("runtime":"kata-runtime")")) << run(kata);
}

}  // namespace
}  // namespace bailiff
