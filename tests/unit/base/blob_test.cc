#include "base/blob.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>

#include "base/file_io.h"

namespace bailiff {
namespace {

std::string pattern(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i * 7 + i / 251));
  return bytes;
}

TEST(Blob, KeepsItsBytesOnEitherSideOfTheEdge) {
  for (const std::size_t size : {0UL, 1UL, Blob::kInMemory - 1, Blob::kInMemory, Blob::kInMemory + 1, 3 * Blob::kInMemory}) {
    const std::string bytes = pattern(size);
    Blob blob;
    for (std::size_t at = 0; at < size; at += 60'000) ASSERT_TRUE(blob.append(std::string_view(bytes).substr(at, 60'000)));
    EXPECT_EQ(blob.size(), size);
    EXPECT_EQ(blob.text(), bytes) << size;
  }
}

TEST(Blob, IsReadInPieces) {
  const std::string bytes = pattern(2 * Blob::kInMemory);
  Blob large, small("0123456789");
  ASSERT_TRUE(large.append(bytes));
  std::array<char, 1000> room = {};
  for (const std::size_t at : {0UL, 999UL, Blob::kInMemory - 500, bytes.size() - 10, bytes.size()}) {
    const Result<std::size_t> got = large.read(at, room);
    ASSERT_TRUE(got);
    EXPECT_EQ(std::string_view(room.data(), *got), std::string_view(bytes).substr(at, 1000)) << at;
  }
  EXPECT_EQ(small.read(8, room).value(), 2U);
  EXPECT_EQ(small.read(10, room).value(), 0U);
}

TEST(Blob, ManyBytesLieOutsideOfItsProcess) {
  const auto resident = [] {
    std::array<long, 2> pages = {};
    FILE* statm = std::fopen("/proc/self/statm", "r");
    EXPECT_EQ(std::fscanf(statm, "%ld %ld", &pages[0], &pages[1]), 2);
    std::fclose(statm);
    return pages[1] * ::getpagesize();
  };
  const std::string piece = pattern(1 << 16);
  const long before = resident();
  Blob blob;
  for (int i = 0; i < 1024; ++i) ASSERT_TRUE(blob.append(piece));
  EXPECT_EQ(blob.size(), 64U << 20);
  EXPECT_LT(resident() - before, 4 << 20);
}

TEST(Blob, TakesAFileUpToACeiling) {
  const UniqueFd file(::memfd_create("test", MFD_CLOEXEC));
  const std::string bytes = pattern(Blob::kInMemory + 5);
  ASSERT_TRUE(write_all(file.get(), bytes));
  ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  Blob blob("before ");
  ASSERT_TRUE(blob.append_file(file.get(), bytes.size()));
  EXPECT_EQ(blob.text(), "before " + bytes);
  ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  Blob less;
  EXPECT_FALSE(less.append_file(file.get(), bytes.size() - 1));
}

TEST(Blob, ACopyStaysWhatItWas) {
  Blob blob;
  ASSERT_TRUE(blob.append(pattern(Blob::kInMemory + 1)));
  const Blob copy = blob;
  blob = Blob("other");
  EXPECT_EQ(copy.text(), pattern(Blob::kInMemory + 1));
  EXPECT_EQ(blob.text(), "other");
}

TEST(Blob, PartsAreTheirBytesAndMayGrow) {
  const std::string bytes = pattern(4 * Blob::kInMemory);
  Blob large;
  ASSERT_TRUE(large.append(bytes));
  for (const std::size_t at : {0UL, 1UL, 4096UL, 100'001UL}) {
    for (const std::size_t size : {0UL, 5UL, Blob::kInMemory, Blob::kInMemory + 1, 3 * Blob::kInMemory + 7}) {
      SCOPED_TRACE(std::to_string(at) + "+" + std::to_string(size));
      Result<Blob> part = large.part(at, size);
      ASSERT_TRUE(part);
      EXPECT_EQ(part->size(), size);
      EXPECT_EQ(part->text(), bytes.substr(at, size));
      ASSERT_TRUE(part->append("more"));
      EXPECT_EQ(part->text(), bytes.substr(at, size) + "more");
    }
  }
  EXPECT_EQ(large.text(), bytes) << "what was appended to a part";
  Result<Blob> last = large.part(Blob::kInMemory, 2 * Blob::kInMemory);
  large = Blob();
  ASSERT_TRUE(last->append("more"));
  EXPECT_EQ(last->text(), bytes.substr(Blob::kInMemory, 2 * Blob::kInMemory) + "more");
  EXPECT_FALSE(Blob("0123").part(2, 3));
  EXPECT_FALSE(Blob("0123").part(5, 0));
}

TEST(Blob, AppendingToACopyLeavesTheOther) {
  Blob blob;
  ASSERT_TRUE(blob.append(pattern(Blob::kInMemory + 1)));
  Blob copy = blob;
  ASSERT_TRUE(copy.append("copy"));
  ASSERT_TRUE(blob.append("blob"));
  EXPECT_EQ(copy.text(), pattern(Blob::kInMemory + 1) + "copy");
  EXPECT_EQ(blob.text(), pattern(Blob::kInMemory + 1) + "blob");
}

TEST(Blob, TakesAllOfAnother) {
  for (const std::size_t size : {3UL, 2 * Blob::kInMemory + 3}) {
    const std::string bytes = pattern(size);
    Blob other, blob("before ");
    ASSERT_TRUE(other.append(bytes));
    ASSERT_TRUE(blob.append_all(other));
    ASSERT_TRUE(blob.append_all(other));
    EXPECT_EQ(blob.text(), "before " + bytes + bytes);
    EXPECT_EQ(other.text(), bytes);
  }
}

}  // namespace
}  // namespace bailiff
