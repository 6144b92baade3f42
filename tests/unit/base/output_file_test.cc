#include "base/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/file_io.h"

namespace bailiff {
namespace {

std::string name_of(const UniqueFd& file) {
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file.get()));
}

TEST(OutputFile, IsOneOfItsOwnWithoutAName) {
  const Result<UniqueFd> one = make_output_file(), other = make_output_file();
  ASSERT_TRUE(one && other);
  ASSERT_TRUE(write_all(one->get(), "42"));
  struct stat of_one = {}, of_other = {};
  ASSERT_EQ(::fstat(one->get(), &of_one), 0);
  ASSERT_EQ(::fstat(other->get(), &of_other), 0);
  EXPECT_EQ(of_one.st_size, 2);
  EXPECT_EQ(of_other.st_size, 0);
  EXPECT_EQ(of_one.st_nlink, 0U);
  EXPECT_TRUE(S_ISREG(of_one.st_mode));
  EXPECT_TRUE(name_of(*one).ends_with(" (deleted)")) << name_of(*one);
  EXPECT_NE(::fcntl(one->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(OutputFile, TakesLargeFoliosWhereItMayMountAndElseIsAMemfd) {
  const UniqueFd tmpfs(static_cast<int>(::syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC)));
  const bool may = tmpfs && ::syscall(SYS_fsconfig, tmpfs.get(), FSCONFIG_SET_STRING, "huge", "within_size", 0) == 0;
  const UniqueFd file = make_output_file().value();
  EXPECT_EQ(name_of(file).starts_with("/memfd:"), !may) << name_of(file);
  if (!may) return;
  ASSERT_EQ(::ftruncate(file.get(), 8 << 20), 0);
  struct stat status = {};
  ASSERT_EQ(::fstat(file.get(), &status), 0);
  EXPECT_GE(status.st_blksize, 1 << 20) << "what shmem says where folios may be that large (mm/shmem.c, shmem_getattr)";
}

TEST(OutputFile, HasNoLimitOfItsOwn) {
  struct statfs fs = {};
  ASSERT_EQ(::fstatfs(make_output_file().value().get(), &fs), 0);
  EXPECT_EQ(fs.f_blocks, 0U);
  EXPECT_EQ(fs.f_files, 0U);
}

}  // namespace
}  // namespace bailiff
