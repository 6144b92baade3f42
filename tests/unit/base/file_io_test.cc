#include "base/file_io.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "base/unique_fd.h"

namespace bailiff {
namespace {

UniqueFd file_with(const std::string& bytes) {
  UniqueFd fd(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(fd.get(), bytes));
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_SET), 0);
  return fd;
}

std::string all_of(const UniqueFd& fd) {
  std::string bytes(1 << 20, '\0');
  const ssize_t got = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return bytes;
}

TEST(CopyRest, AppendsWhatIsBehindTheOffset) {
  const UniqueFd from = file_with("skipped, copied"), to = file_with("");
  ASSERT_TRUE(write_all(to.get(), "had "));
  ASSERT_EQ(::lseek(from.get(), 9, SEEK_SET), 9);
  const Result<std::uint64_t> copied = copy_rest(to.get(), from.get(), 100);
  ASSERT_TRUE(copied);
  EXPECT_EQ(*copied, 6U);
  EXPECT_EQ(all_of(to), "had copied");
}

TEST(CopyRest, TakesExactlyTheCeilingAndNotAByteMore) {
  for (const std::size_t size : {99UL, 100UL, 101UL}) {
    const UniqueFd from = file_with(std::string(size, 'x')), to = file_with("");
    const Result<std::uint64_t> copied = copy_rest(to.get(), from.get(), 100);
    ASSERT_EQ(copied.has_value(), size <= 100) << size;
    if (!copied) {
      EXPECT_EQ(copied.error().code, EFBIG);
    }
  }
}

TEST(CopyRest, CopiesWhatSendfileRefuses) {
  // sendfile refuses a destination in append mode (EINVAL, sendfile(2)); write does not.
  char path[] = "/tmp/file-io-XXXXXX";
  UniqueFd to(::mkostemp(path, O_APPEND | O_CLOEXEC));
  ASSERT_TRUE(to);
  ::unlink(path);
  const std::string bytes(200'000, 'y');
  const UniqueFd from = file_with(bytes);
  const Result<std::uint64_t> copied = copy_rest(to.get(), from.get(), 1 << 20);
  ASSERT_TRUE(copied) << copied.error().message();
  EXPECT_EQ(*copied, bytes.size());
  EXPECT_EQ(all_of(to), bytes);
}

TEST(CopyRest, SaysWhenTheDestinationIsFull) {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC)), from = file_with("x");
  const Result<std::uint64_t> copied = copy_rest(full.get(), from.get(), 10);
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().code, ENOSPC);
}

}  // namespace
}  // namespace bailiff
