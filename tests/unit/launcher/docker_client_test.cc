#include "launcher/docker_client.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "tests/unit/launcher/fake_engine.h"

namespace bailiff {
namespace {

using test::Connection;
using test::FakeEngine;
using test::http;

FakeEngine::Handler always(std::string answer) {
  return
      [answer = std::move(answer)](const std::string&, Connection& connection) { connection.send(answer); };
}

template <typename T>
std::string error_of(const Result<T>& result) {
  return result ? "no error" : result.error().message();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(DockerClient, SaysThatThereIsNoSocket) {
  DockerClient docker("/nonexistent/docker.sock");
  const auto info = docker.info(deadline_in(5s));
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().fault, Fault::kHost);
  EXPECT_TRUE(has(info.error().message(), "Docker is not running")) << info.error().message();
  EXPECT_TRUE(has(info.error().message(), "/nonexistent/docker.sock"));
}

TEST(DockerClient, ARootlessDaemonsGroupsAreNotOfThisTree) {
  FakeEngine engine(always(http(200, R"({"ServerVersion":"24.0","CgroupDriver":"systemd","CgroupVersion":"2",)"
                                     R"("SecurityOptions":["name=seccomp,profile=default","name=rootless"]})")));
  DockerClient docker(engine.socket_path());
  const auto info = docker.info(deadline_in(5s));
  ASSERT_TRUE(info) << error_of(info);
  EXPECT_EQ(info->cgroup_driver, "none");
}

TEST(DockerClient, SaysThatNobodyListens) {
  std::string path;
  {
    FakeEngine engine(always(""));
    path = engine.socket_path() + "2";
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(fd);  // a socket file without a listener is what a daemon that died leaves
    DockerClient docker(path);
    EXPECT_TRUE(has(error_of(docker.info(deadline_in(5s))), "nobody listens"))
        << error_of(docker.info(deadline_in(5s)));
    ::unlink(path.c_str());
  }
}

TEST(DockerClient, RefusesAPathThatIsTooLongForASocket) {
  DockerClient docker("/" + std::string(200, 'x'));
  EXPECT_TRUE(has(error_of(docker.info(deadline_in(5s))), "too long"));
}

TEST(DockerClient, ReadsAChunkedBody) {
  const std::string body = R"({"ServerVersion":"24.0.5","CgroupDriver":"systemd","CgroupVersion":"2","CPUSet":true,)"
                           R"("Runtimes":{"runsc":{"path":"/x/runsc"},"runc":{},)"
                           R"("g":{"runtimeType":"io.containerd.runsc.v1"}}})";
  std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += 10) {
    const std::string chunk = body.substr(at, 10);
    answer += std::string(1, "0123456789a"[chunk.size()]) + "\r\n" + chunk + "\r\n";
  }
  FakeEngine engine(always(answer + "0\r\n\r\n"));
  DockerClient docker(engine.socket_path());
  const auto info = docker.info(deadline_in(5s));
  ASSERT_TRUE(info) << error_of(info);
  EXPECT_EQ(info.value(), (EngineInfo{.version = "24.0.5",
                                      .cgroup_driver = "systemd",
                                      .cgroup_version = 2,
                                      .cpuset = true,
                                      .runtimes = {{"runsc", "/x/runsc"}, {"runc", ""}, {"g", "runsc"}}}));
}

TEST(DockerClient, HandsOnTheDaemonsMessage) {
  FakeEngine engine(always(http(409, R"({"message":"Conflict. The name is in use"})")));
  DockerClient docker(engine.socket_path());
  const auto created = docker.create("a", "{}", deadline_in(5s));
  EXPECT_EQ(error_of(created), "Docker: create container: Conflict. The name is in use");
  EXPECT_FALSE(is_not_found(created.error()));
}

TEST(DockerClient, KnowsWhatIsNotThere) {
  FakeEngine engine(always(http(404, R"({"message":"No such image: a"})")));
  DockerClient docker(engine.socket_path());
  const auto image = docker.inspect_image("a", deadline_in(5s));
  ASSERT_FALSE(image);
  EXPECT_TRUE(is_not_found(image.error()));
  EXPECT_TRUE(docker.remove("a", deadline_in(5s))) << "removing what is gone is no error";
}

TEST(DockerClient, WaitsForARemovalThatGoesOnAlready) {
  std::atomic<int> asked = 0;
  FakeEngine engine([&asked](const std::string&, Connection& connection) {
    connection.send(++asked < 3 ? http(409, R"({"message":"removal of container a is already in progress"})")
                                : http(404, R"({"message":"No such container: a"})"));
  });
  DockerClient docker(engine.socket_path());
  EXPECT_TRUE(docker.remove("a", deadline_in(5s)));
  EXPECT_EQ(asked, 3);

  FakeEngine never(always(http(409, R"({"message":"in use"})")));
  DockerClient refused(never.socket_path());
  const auto removed = refused.remove("a", deadline_in(200ms));
  ASSERT_FALSE(removed);
  EXPECT_NE(removed.error().message().find("in use"), std::string::npos);
}

TEST(DockerClient, UsesTheOldestVersionFromOurs) {
  FakeEngine engine(always(http(204, "")));
  DockerClient docker(engine.socket_path());
  EXPECT_TRUE(docker.start("c", deadline_in(5s)));
  EXPECT_EQ(engine.requests().back(), "POST /v1.41/containers/c/start");
}

TEST(DockerClient, UsesTheOldestADaemonStillSpeaks) {
  FakeEngine engine(always(http(204, "")));
  engine.answer_version(R"({"ApiVersion":"1.52","MinAPIVersion":"1.44"})");
  DockerClient docker(engine.socket_path());
  EXPECT_TRUE(docker.start("c", deadline_in(5s)));
  EXPECT_EQ(engine.requests().back(), "POST /v1.44/containers/c/start");
}

TEST(DockerClient, RefusesADaemonThatIsTooOld) {
  FakeEngine engine(always(http(204, "")));
  engine.answer_version(R"({"ApiVersion":"1.40","MinAPIVersion":"1.12"})");
  DockerClient docker(engine.socket_path());
  EXPECT_TRUE(has(error_of(docker.start("c", deadline_in(5s))), "1.40 is too old"));
}

class Nonsense : public testing::TestWithParam<const char*> {};

TEST_P(Nonsense, IsAnErrorAndNotAHang) {
  FakeEngine engine(always(GetParam()));
  DockerClient docker(engine.socket_path());
  EXPECT_FALSE(docker.info(deadline_in(5s)));
  EXPECT_FALSE(docker.attach("c", deadline_in(5s)));
  EXPECT_FALSE(docker.list_containers("a", deadline_in(5s)));
}

INSTANTIATE_TEST_SUITE_P(Of, Nonsense,
                         testing::Values("", "garbage\r\n\r\n",
                                         "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
                                         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                                         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
                                         "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nnot JSON!",
                                         "HTTP/1.1 500 X\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 101 UPGR",
                                         "HTTP/1.1 101 UPGRADED\r\nConnection: Upg"));

TEST(DockerClient, EndsAtTheDeadlineThoughBytesKeepComing) {
  FakeEngine engine([](const std::string&, Connection& connection) {
    connection.drip("HTTP/1.1 200 OK\r\nX-Header: " + std::string(1000, 'x'), 20);
  });
  DockerClient docker(engine.socket_path());
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(has(error_of(docker.info(deadline_in(300ms))), "did not answer in time"));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s) << "the whole answer would take 20 s";
}

TEST(DockerClient, EndsAtTheDeadlineWhenTheDaemonStalls) {
  FakeEngine engine([](const std::string&, Connection& connection) { connection.wait_until_closed(); });
  DockerClient docker(engine.socket_path());
  const auto info = docker.info(deadline_in(200ms));
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ETIMEDOUT);
}

TEST(DockerClient, KeepsWhatComesBehindTheAnswerToAttach) {
  FakeEngine engine([](const std::string&, Connection& connection) {
    connection.send("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst bytes");
    connection.wait_until_closed();
  });
  DockerClient docker(engine.socket_path());
  const auto stream = docker.attach("c", deadline_in(5s));
  ASSERT_TRUE(stream) << error_of(stream);
  EXPECT_EQ(stream.value().first, "first bytes");
  EXPECT_GE(stream.value().fd.get(), 0);
  EXPECT_NE(::fcntl(stream->fd.get(), F_GETFD) & FD_CLOEXEC, 0) << "a program that is started would keep it open";
}

TEST(DockerClient, AttachSaysWhyNot) {
  FakeEngine engine(always(http(404, R"({"message":"No such container: c"})")));
  DockerClient docker(engine.socket_path());
  EXPECT_EQ(error_of(docker.attach("c", deadline_in(5s))), "Docker: attach: No such container: c");
}

TEST(DockerClient, ListsByLabel) {
  FakeEngine engine(always(http(
      200,
      R"([{"Id":"1f","Names":["/bailiff-1"],"Labels":{"bailiff.owner":"1:2:3"}},{"Id":"2f","Names":null,"Labels":null}])")));
  DockerClient docker(engine.socket_path());
  const auto list = docker.list_containers("bailiff.owner", deadline_in(5s));
  ASSERT_TRUE(list) << error_of(list);
  ASSERT_EQ(list.value().size(), 2U);
  EXPECT_EQ(list.value()[0].name, "bailiff-1");
  EXPECT_EQ(list.value()[0].labels.at("bailiff.owner"), "1:2:3");
  EXPECT_EQ(engine.requests().back(),
            "GET /v1.41/containers/json?all=1&filters=%7B%22label%22:%5B%22bailiff.owner%22%5D%7D");
}

TEST(DockerClient, ListsTheLabelsOfImages) {
  FakeEngine engine(always(http(
      200, R"([{"Labels":{"bailiff.language":"cpp"}},{"Labels":{"bailiff.language":"c"}},{"Labels":null},)"
           R"({"Labels":{"bailiff.language":"cpp"}},{"Labels":{"bailiff.owner":"d"}},{}])")));
  DockerClient docker(engine.socket_path());
  const auto languages = docker.list_image_labels("bailiff.language", "bailiff.step=run", deadline_in(5s));
  ASSERT_TRUE(languages) << error_of(languages);
  EXPECT_EQ(languages.value(), (std::set<std::string>{"c", "cpp"}));
  EXPECT_EQ(engine.requests().back(), "GET /v1.41/images/json?filters=%7B%22dangling%22:%5B%22false%22%5D%2C%22label%22:%5B%22bailiff.language%22%2C"
            "%22bailiff.step%3Drun%22%5D%7D");
}

}  // namespace
}  // namespace bailiff
