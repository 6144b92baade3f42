#include "jail/capture.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "spec/frame.h"

namespace bailiff {
namespace {

struct Pipe {
  UniqueFd write_end;
  Capture capture;
};

Pipe open_pipe(Bytes ceiling, bool early = false) {
  Pipe pipe;
  Result<Capture> opened = Capture::open(ceiling, ::geteuid(), early);
  EXPECT_TRUE(opened) << opened.error().message();
  pipe.capture = *std::move(opened);
  pipe.write_end = UniqueFd(::dup(pipe.capture.write_end()));
  return pipe;
}

/// Writes all of it, draining in between as the supervisor does; stops when the capture has had enough.
void pump(Pipe& pipe, std::string_view bytes) {
  ASSERT_EQ(::fcntl(pipe.write_end.get(), F_SETFL, O_NONBLOCK), 0);
  while (!bytes.empty() && !pipe.capture.over_ceiling()) {
    const ssize_t wrote = ::write(pipe.write_end.get(), bytes.data(), bytes.size());
    if (wrote > 0) bytes.remove_prefix(static_cast<std::size_t>(wrote));
    ASSERT_TRUE(pipe.capture.drain());
  }
}

Stream captured(Bytes ceiling, std::string_view bytes) {
  Pipe pipe = open_pipe(ceiling);
  pump(pipe, bytes);
  pipe.write_end.reset();
  Result<Stream> stream = pipe.capture.finish();
  EXPECT_TRUE(stream);
  return *std::move(stream);
}

TEST(Capture, OfNothingIsEmptyAndHasTheHashOfNothing) {
  const Stream stream = captured(10_B, "");
  EXPECT_EQ(stream.kept.text(), "");
  EXPECT_EQ(stream.bytes, 0U);
  EXPECT_FALSE(stream.truncated);
  EXPECT_EQ(stream.sha256, kSha256OfNothing);
}

TEST(Capture, KeepsAndHashesWhatFits) {
  const Stream stream = captured(100_B, "abc");
  EXPECT_EQ(stream.kept.text(), "abc");
  EXPECT_EQ(stream.bytes, 3U);
  EXPECT_EQ(stream.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-4
}

TEST(Capture, HashesAcrossReads) {
  // FIPS 180-4: a million times "a".
  const Stream stream = captured(2_MiB, std::string(1'000'000, 'a'));
  EXPECT_EQ(stream.bytes, 1'000'000U);
  EXPECT_EQ(stream.sha256, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Capture, AtTheCeilingIsWhole) {
  const Stream stream = captured(1000_B, std::string(1000, 'x'));
  EXPECT_EQ(stream.kept.size(), 1000U);
  EXPECT_EQ(stream.bytes, 1000U);
  EXPECT_FALSE(stream.truncated);
}

TEST(Capture, OneByteOverIsTruncatedAndCounted) {
  const Stream stream = captured(1000_B, std::string(1001, 'x'));
  EXPECT_EQ(stream.kept.size(), 1000U);
  EXPECT_EQ(stream.bytes, 1001U);
  EXPECT_TRUE(stream.truncated);
}

TEST(Capture, KeepsBytesOfEveryValue) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(captured(1_KiB, bytes).kept.text(), bytes);
}

TEST(Capture, DoesNotWaitForAWriterThatIsSilent) {
  Pipe pipe = open_pipe(1_KiB);
  const Result<bool> empty = pipe.capture.drain();  // would hang for ever if our end blocked
  EXPECT_TRUE(empty && *empty);
}

TEST(Capture, HasNoEndThatWouldWakeUs) {
  Pipe pipe = open_pipe(1_KiB);
  pipe.write_end.reset();  // the program's
  pollfd fd = {pipe.capture.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&fd, 1, 0), 0);
}

TEST(Capture, SaysWhetherMoreIsThere) {
  Pipe pipe = open_pipe(1_MiB);
  const std::string bytes(60'000, 'x');
  ASSERT_EQ(::write(pipe.write_end.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  EXPECT_FALSE(*pipe.capture.drain(1));  // has read a buffer and not looked again
  EXPECT_TRUE(*pipe.capture.drain());
  pipe.capture.mark_empty();
  EXPECT_EQ(pipe.capture.finish()->bytes, bytes.size());
}

TEST(Capture, LeavesTheProgramsEndBlocking) {
  const Pipe pipe = open_pipe(1_KiB);
  EXPECT_EQ(::fcntl(pipe.write_end.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(pipe.capture.fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(pipe.capture.write_end(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Capture, FinishTakesWhatIsStillInThePipe) {
  Pipe pipe = open_pipe(1_KiB);
  ASSERT_EQ(::write(pipe.write_end.get(), "late", 4), 4);
  pipe.write_end.reset();
  EXPECT_EQ(pipe.capture.finish()->kept.text(), "late");
}

std::size_t resident_bytes() {
  std::size_t skip = 0;
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> skip >> pages;
  return pages * static_cast<std::size_t>(::getpagesize());
}

TEST(Capture, OfAFloodReadsLittleMoreThanTheCeilingAndKeepsItsMemory) {
  Pipe pipe = open_pipe(64_KiB);
  ASSERT_EQ(::fcntl(pipe.write_end.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string block(65536, 'x');
  const std::size_t before = resident_bytes();
  for (int i = 0; i < 4096; ++i) {  // 256 MiB, if anybody took it
    (void)!::write(pipe.write_end.get(), block.data(), block.size());
    ASSERT_TRUE(pipe.capture.drain());
  }
  EXPECT_TRUE(pipe.capture.over_ceiling());
  EXPECT_LE(pipe.capture.bytes(), 64U * 1024 + 65536);
  EXPECT_LT(resident_bytes(), before + (std::size_t{4} << 20));
  EXPECT_EQ(pipe.capture.finish()->kept.size(), 64U * 1024);
}

std::string noise(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i * i / 255 + i));
  return bytes;
}

TEST(Capture, MuchMayBeTakenEarlyAndIsTheSameInTheEnd) {
  const std::string bytes = noise(5 * Capture::kMuch + 77);
  const std::string sha256 = captured(8_MiB, bytes).sha256;
  for (const std::uint64_t ceiling : {bytes.size() + 1, bytes.size(), 3 * Capture::kMuch + 1}) {
    SCOPED_TRACE(ceiling);
    Pipe pipe = open_pipe(Bytes{ceiling}, /*early=*/true);
    std::string early;
    int taken = 0;
    for (std::size_t at = 0; at < bytes.size() && !pipe.capture.over_ceiling(); at += 100'000) {
      pump(pipe, std::string_view(bytes).substr(at, 100'000));
      const std::optional<EarlyOutput> piece = pipe.capture.take_early(/*last=*/false);
      if (!piece) continue;
      EXPECT_GE(piece->bytes.size(), Capture::kMuch);
      EXPECT_EQ(piece->crc, crc32c(0, piece->bytes.text()));
      early += piece->bytes.text();
      ++taken;
    }
    EXPECT_GE(taken, 2);
    pipe.write_end.reset();
    Result<Stream> stream = pipe.capture.finish();
    ASSERT_TRUE(stream);
    EXPECT_EQ(stream->early, early.size());
    EXPECT_EQ(early + stream->kept.text(), bytes.substr(0, ceiling));
    EXPECT_EQ(stream->truncated, ceiling < bytes.size());
    if (!stream->truncated) {
      EXPECT_EQ(stream->sha256, sha256);
      EXPECT_EQ(stream->bytes, bytes.size());
    }
  }
}

TEST(Capture, NothingGoesAheadUnlessAskedFor) {
  Pipe pipe = open_pipe(8_MiB);
  pump(pipe, noise(2 * Capture::kMuch));
  EXPECT_FALSE(pipe.capture.take_early(/*last=*/false));
}

}  // namespace
}  // namespace bailiff
