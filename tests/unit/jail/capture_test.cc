#include "jail/capture.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace bailiff {
namespace {

struct Pipe {
  UniqueFd write_end;
  Capture capture;
};

Pipe open_pipe(Bytes ceiling) {
  Pipe pipe;
  Result<Capture> opened = Capture::open(ceiling, ::geteuid(), pipe.write_end);
  EXPECT_TRUE(opened) << opened.error().message();
  pipe.capture = *std::move(opened);
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
  EXPECT_TRUE(pipe.capture.drain());  // would hang for ever if our end blocked
  EXPECT_GE(pipe.capture.fd(), 0) << "not at its end: the writer lives";
}

TEST(Capture, ClosesThePipeAtItsEnd) {
  Pipe pipe = open_pipe(1_KiB);
  pipe.write_end.reset();
  EXPECT_TRUE(pipe.capture.drain());
  EXPECT_LT(pipe.capture.fd(), 0);
}

TEST(Capture, LeavesTheProgramsEndBlocking) {
  const Pipe pipe = open_pipe(1_KiB);
  EXPECT_EQ(::fcntl(pipe.write_end.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(pipe.capture.fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(pipe.write_end.get(), F_GETFD) & FD_CLOEXEC, 0);
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

}  // namespace
}  // namespace bailiff
