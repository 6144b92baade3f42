#include "launcher/frame_peer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "tests/unit/launcher/fake_engine.h"

namespace bailiff {
namespace {

using test::Connection;
using test::frame;
using test::multiplexed;

/// What is stdout's, put together.
Result<void> feed(AttachDemultiplexer& streams, std::string bytes, std::string& out) {
  out += TRY(streams.keep_stdout(bytes));
  return {};
}

TEST(AttachDemultiplexer, TakesStreamsApartWhereverTheyAreCut) {
  const std::string sent =
      multiplexed(1, "one ") + multiplexed(2, "careful") + multiplexed(1, "") + multiplexed(1, "two");
  for (std::size_t cut = 0; cut <= sent.size(); ++cut) {
    AttachDemultiplexer streams;
    std::string out;
    ASSERT_TRUE(feed(streams, sent.substr(0, cut), out));
    ASSERT_TRUE(feed(streams, sent.substr(cut), out));
    EXPECT_EQ(out, "one two") << cut;
    EXPECT_EQ(streams.stderr_tail(), "careful") << cut;
  }
}

TEST(AttachDemultiplexer, KeepsTheEndOfStandardError) {
  AttachDemultiplexer streams;
  std::string out;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(feed(streams, multiplexed(2, std::string(1000, 'x')), out));
  ASSERT_TRUE(feed(streams, multiplexed(2, "the end"), out));
  EXPECT_LE(streams.stderr_tail().size(), 4096U);
  EXPECT_TRUE(streams.stderr_tail().ends_with("xthe end"));
}

TEST(AttachDemultiplexer, RefusesWhatIsNoHeader) {
  AttachDemultiplexer streams;
  std::string out;
  EXPECT_FALSE(feed(streams, "HTTP/1.1 500", out));
}

/// A peer and the other end of its stream.
struct Pair {
  explicit Pair(bool is_multiplexed = false, std::string first = {})
      : other(make()), peer(ours(), again(), is_multiplexed, std::move(first)) {}
  ~Pair() {
    if (fds[1] >= 0) ::close(fds[1]);
  }
  int make() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    return fds[1];
  }
  [[nodiscard]] UniqueFd ours() const { return UniqueFd(fds[0]); }
  [[nodiscard]] UniqueFd again() const { return UniqueFd(::fcntl(fds[0], F_DUPFD_CLOEXEC, 0)); }
  void hang_up() { ::close(std::exchange(fds[1], -1)); }

  int fds[2] = {-1, -1};
  Connection other;
  FramePeer peer;
};

TEST(FramePeer, PutsAFrameTogetherFromSingleBytes) {
  Pair pair(/*is_multiplexed=*/true);
  std::thread writer([&] {
    std::string sent;
    for (const char byte : frame(R"({"a":1})", "body")) sent += multiplexed(1, std::string(1, byte));
    for (const char byte : sent) pair.other.send(std::string(1, byte));
  });
  const auto got = pair.peer.receive(deadline_in(10s));
  writer.join();
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got.value().header, R"({"a":1})");
  EXPECT_EQ(got.value().body.text(), "body");
}

TEST(FramePeer, BeginsWithWhatCameBefore) {
  const std::string whole = multiplexed(1, frame("{}"));
  Pair pair(/*is_multiplexed=*/true, whole.substr(0, 11));
  pair.other.send(whole.substr(11));
  EXPECT_TRUE(pair.peer.receive(deadline_in(5s)));
}

TEST(FramePeer, TakesTwoFramesOutOfOneRead) {
  Pair pair;
  pair.other.send(frame("{}", "a") + frame("[]", "bc"));
  EXPECT_EQ(pair.peer.receive(deadline_in(5s)).value().body.text(), "a");
  EXPECT_EQ(pair.peer.receive(deadline_in(5s)).value().body.text(), "bc");
}

TEST(FramePeer, GivesWhatCameBeforeAHeaderThatIsNone) {
  Pair pair(/*is_multiplexed=*/true);
  pair.other.send(multiplexed(1, frame("{}", "last words")) + "HTTP/1.1 500 Internal Server Error");
  const auto got = pair.peer.receive(deadline_in(5s));
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got.value().body.text(), "last words");
  EXPECT_NE(pair.peer.receive(deadline_in(5s)).error().message().find("header that is none"), std::string::npos);
}

TEST(FramePeer, EndsAtTheDeadlineThoughBytesKeepComing) {
  Pair pair;
  std::thread writer([&] { pair.other.drip(frame("{}", std::string(400, 'x')), 20); });
  const auto begun = std::chrono::steady_clock::now();
  const auto got = pair.peer.receive(deadline_in(300ms));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 4s) << "the whole frame takes 8 s";
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ETIMEDOUT);
  ::shutdown(pair.fds[1], SHUT_RDWR);
  writer.join();
}

TEST(FramePeer, SaysThatTheStreamEnded) {
  Pair pair;
  const std::string whole = frame("{}", "body");
  pair.other.send(whole.substr(0, whole.size() - 1));
  pair.hang_up();
  EXPECT_EQ(pair.peer.receive(deadline_in(5s)).error().code, EPIPE);
}

TEST(FramePeer, TakesWhatWasSaidBeforeTheEnd) {
  Pair pair;
  pair.peer.send("{}", std::string(1 << 20, 'x'));  // nobody will read it
  pair.other.send(frame("{}", "last words"));
  ::shutdown(pair.fds[1], SHUT_RDWR);
  EXPECT_EQ(pair.peer.receive(deadline_in(5s)).value().body.text(), "last words");
  EXPECT_EQ(pair.peer.receive(deadline_in(5s)).error().code, EPIPE);
}

TEST(FramePeer, RefusesADamagedBody) {
  Pair pair;
  std::string damaged = frame("{}", "body");
  damaged[damaged.size() - 6] ^= 1;
  pair.other.send(damaged);
  EXPECT_NE(pair.peer.receive(deadline_in(5s)).error().message().find("checksum"), std::string::npos);
}

TEST(FramePeer, RefusesABodyThatIsLongerThanItCanBe) {
  Pair pair;
  pair.peer.accept_body(1000);
  pair.other.send(frame_head("{}", 1001));
  EXPECT_NE(pair.peer.receive(deadline_in(5s)).error().message().find("1001"), std::string::npos);
}

TEST(FramePeer, RefusesAnotherProtocol) {
  Pair pair;
  std::string other = frame("{}");
  other[3] = '2';
  pair.other.send(other);
  EXPECT_FALSE(pair.peer.receive(deadline_in(5s)));
}

TEST(FramePeer, GivesUpWhenTold) {
  Pair pair;
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  ASSERT_EQ(::write(told[1], "x", 1), 1);
  EXPECT_EQ(pair.peer.receive(deadline_in(5s, told[0])).error().code, ECANCELED);
  ::close(told[0]);
  ::close(told[1]);
}

TEST(FramePeer, ReadsWhileItWrites) {
  constexpr std::size_t kLarge = 32 << 20;  // far more than the socket holds, both ways
  Pair pair;
  pair.peer.send("{}", std::string(kLarge, 'a'));
  std::size_t read = 0;
  std::thread echo([&] {
    pair.other.send(frame("{}", std::string(kLarge, 'b')));
    while (read < kLarge) read += pair.other.receive().size();
    pair.other.send(frame("{}", "done"));
  });
  const auto first = pair.peer.receive(deadline_in(60s));
  const auto second = pair.peer.receive(deadline_in(60s));
  echo.join();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first.value().body.text(), std::string(kLarge, 'b'));
  EXPECT_EQ(second.value().body.text(), "done");
}

std::string output_frame(std::uint64_t run, const std::string& bytes, const char* stream = "stdout") {
  return frame(output_message(run, stream), bytes);
}

TEST(FramePeer, GathersTheOutputOfARun) {
  Pair pair(/*is_multiplexed=*/true);
  pair.peer.gather_output_of(7);
  pair.other.send(multiplexed(1, output_frame(7, "one ") + output_frame(7, "oops", "stderr")));
  pair.other.send(multiplexed(1, output_frame(7, "two") + frame("{}", "the rest")));
  EXPECT_EQ(pair.peer.receive(deadline_in(5s)).value().body.text(), "the rest");
  EarlyStreams early = pair.peer.take_early();
  EXPECT_EQ(early.out.text(), "one two");
  EXPECT_EQ(early.err.text(), "oops");
  pair.peer.gather_output_of(8);
  pair.other.send(multiplexed(1, output_frame(7, "late")));
  EXPECT_EQ(pair.peer.receive(deadline_in(5s)).value().body.text(), "late") << "of another run: a frame as others";
  EXPECT_EQ(pair.peer.take_early().out.size(), 0U);
}

TEST(FramePeer, AnOutputIsNoLongerThanAllItMayBe) {
  Pair pair;
  pair.peer.gather_output_of(7);
  pair.peer.accept_body(1000);
  pair.other.send(output_frame(7, std::string(600, 'x')) + output_frame(7, std::string(401, 'x')));
  const auto got = pair.peer.receive(deadline_in(5s));
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().message().find("401"), std::string::npos);
}

TEST(FramePeer, RefusesADamagedOutput) {
  Pair pair;
  pair.peer.gather_output_of(7);
  std::string damaged = output_frame(7, "body");
  damaged[damaged.size() - 6] ^= 1;
  pair.other.send(damaged);
  EXPECT_NE(pair.peer.receive(deadline_in(5s)).error().message().find("checksum"), std::string::npos);
}

TEST(FramePeer, ALongBodyLiesOutsideOfItsProcess) {
  constexpr std::size_t kLarge = 64 << 20;
  Pair pair(/*is_multiplexed=*/true);
  const pid_t writer = ::fork();  // its memory is not ours
  if (writer == 0) {
    const std::string piece(1 << 20, 'x');
    pair.other.send(multiplexed(1, frame_head("{}", kLarge)));
    std::uint32_t crc = 0;
    for (std::size_t sent = 0; sent < kLarge; sent += piece.size()) {
      pair.other.send(multiplexed(1, piece));
      crc = crc32c(crc, piece);
    }
    const auto trailer = frame_trailer(crc);
    pair.other.send(multiplexed(1, std::string(trailer.data(), trailer.size())));
    ::_exit(0);
  }
  const auto resident = [] {
    std::array<long, 2> pages = {};
    FILE* statm = std::fopen("/proc/self/statm", "r");
    EXPECT_EQ(std::fscanf(statm, "%ld %ld", &pages[0], &pages[1]), 2);
    std::fclose(statm);
    return pages[1] * ::getpagesize();
  };
  const long before = resident();
  const auto got = pair.peer.receive(deadline_in(60s));
  const long after = resident();
  ::waitpid(writer, nullptr, 0);
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got.value().body.size(), kLarge);
  EXPECT_LT(after - before, 4 << 20);
}

}  // namespace
}  // namespace bailiff
