#include "jail/box_files.h"

#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

namespace bailiff {
namespace {

/// A scratch directory as a box has one ("box", "tmp", "shm"), and beside it a secret that no name may reach.
class BoxFiles : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(root_), nullptr);
    scratch_ = UniqueFd(::open(root_, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (const char* place : {"box", "tmp", "shm"}) ASSERT_EQ(::mkdirat(scratch_.get(), place, 0755), 0);
    write(path("secret"), "secret");
  }
  void TearDown() override { (void)!std::system(("rm -rf " + std::string(root_)).c_str()); }

  [[nodiscard]] std::string path(const std::string& name) const { return std::string(root_) + "/" + name; }
  [[nodiscard]] std::string box(const std::string& name) const { return path("box/" + name); }
  static void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }
  static std::string read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }

  Result<void> put(const std::string& name, const std::string& bytes, unsigned mode = 0644) {
    return copy_in(scratch_.get(), {{name, InputFile{{bytes, {}}, mode}}}, {}, ::getuid());
  }
  /// The file's bytes, or "!" and the reason.
  std::string get(const std::string& name, Bytes ceiling = 1_MiB) {
    const auto files = copy_out(scratch_.get(), {name}, ceiling);
    if (!files) return "error: " + files.error().message();
    const OutputFile& file = files->at(name);
    return file.error.empty() ? file.bytes.text() : "!" + file.error;
  }

  char root_[32] = "/tmp/box-files-XXXXXX";
  UniqueFd scratch_;
};

// ---- in ------------------------------------------------------------------------------------------------------

TEST_F(BoxFiles, CopyInMakesTheFileWithItsModeAndTheDirectoriesAboveIt) {
  const std::string bytes("a\0\xff", 3);
  ASSERT_TRUE(put("a/b/c", bytes, 0751));
  EXPECT_EQ(read(box("a/b/c")), bytes);
  struct stat status = {};
  ASSERT_EQ(::stat(box("a/b/c").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0751U);
  ASSERT_EQ(::stat(box("a/b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0755U);
}

TEST_F(BoxFiles, CopyInTakesSeveralFilesOfOneDirectory) {
  const std::map<std::string, InputFile> files = {{"d/x", {{"1", {}}, 0644}}, {"d/y", {{"2", {}}, 0644}}, {"z", {{"", {}}, 0600}}};
  ASSERT_TRUE(copy_in(scratch_.get(), files, {}, ::getuid()));
  EXPECT_EQ(read(box("d/x")) + read(box("d/y")), "12");
  EXPECT_EQ(::access(box("z").c_str(), F_OK), 0);
}

TEST_F(BoxFiles, CopyInNeverWritesThroughWhatIsThere) {
  ASSERT_EQ(::symlink("../secret", box("link").c_str()), 0);
  const Result<void> through_a_link = put("link", "overwritten");
  EXPECT_FALSE(through_a_link);
  EXPECT_EQ(read(path("secret")), "secret");

  ASSERT_EQ(::mkdir(path("outside").c_str(), 0755), 0);
  ASSERT_EQ(::symlink("../outside", box("dir").c_str()), 0);
  EXPECT_FALSE(put("dir/file", "x"));
  EXPECT_NE(::access(path("outside/file").c_str(), F_OK), 0);

  ASSERT_TRUE(put("once", "1"));
  EXPECT_FALSE(put("once", "2"));
  EXPECT_EQ(read(box("once")), "1");
}

TEST_F(BoxFiles, CopyInNamesTheFileInItsError) {
  ASSERT_TRUE(put("a", "x"));
  const Result<void> below_a_file = put("a/b", "x");
  ASSERT_FALSE(below_a_file);
  EXPECT_NE(below_a_file.error().message().find("a/b"), std::string::npos) << below_a_file.error().message();
}

TEST_F(BoxFiles, FilesOfTheHostAreCopiedInWithoutBeingRead) {
  write(path("host"), "of the host");
  RunSpec spec;
  spec.files = {{"given", {{"given", {}}, 0644}}, {"d/named", {{{}, path("host")}, 0700}}};
  const Result<HostFiles> host = open_host_files(spec);
  ASSERT_TRUE(host);
  ASSERT_TRUE(copy_in(scratch_.get(), spec.files, *host, ::getuid()));
  EXPECT_EQ(read(box("given")) + ", " + read(box("d/named")), "given, of the host");
}

TEST_F(BoxFiles, OnlyRegularFilesOfTheHostAreOpenedAndNoneIsWaitedFor) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  for (const std::string& name : {path("fifo"), path("box"), path("missing"), std::string("/dev/zero")}) {
    RunSpec spec;
    spec.files = {{"a", {{{}, name}, 0644}}};
    const Result<HostFiles> as_file = open_host_files(spec);
    ASSERT_FALSE(as_file) << name;
    EXPECT_EQ(as_file.error().fault, Fault::kRequest);
    EXPECT_EQ(as_file.error().key, "files.a.path");
    spec.files.clear();
    spec.stdin_content.host_path = name;
    const Result<HostFiles> as_input = open_host_files(spec);
    ASSERT_FALSE(as_input) << name;
    EXPECT_EQ(as_input.error().key, "stdin.path");
  }
}

TEST_F(BoxFiles, ASpoolIsCopiedInLikeFiles) {
  Spool spool;
  spool.bytes = UniqueFd(::memfd_create("spool", MFD_CLOEXEC));
  ASSERT_EQ(::write(spool.bytes.get(), "onetwo", 6), 6);
  spool.files = {{"a", 0600, 0, 3}, {"d/b", 0644, 3, 3}, {"empty", 0644, 6, 0}};
  ASSERT_TRUE(copy_in(scratch_.get(), spool, ::getuid()));
  EXPECT_EQ(read(box("a")), "one");
  EXPECT_EQ(read(box("d/b")), "two");
  EXPECT_EQ(::access(box("empty").c_str(), F_OK), 0);
}

// ---- out -----------------------------------------------------------------------------------------------------

TEST_F(BoxFiles, CopyOutReadsRegularFiles) {
  write(box("a"), std::string("x\0y", 3));
  ASSERT_EQ(::mkdir(box("d").c_str(), 0700), 0);
  write(box("d/b"), "deep");
  write(box("empty"), "");
  EXPECT_EQ(get("a"), std::string("x\0y", 3));
  EXPECT_EQ(get("d/b"), "deep");
  EXPECT_EQ(get("empty"), "");
}

TEST_F(BoxFiles, CopyOutSaysMissing) {
  EXPECT_EQ(get("a"), "!missing");
  EXPECT_EQ(get("d/a"), "!missing");
}

TEST_F(BoxFiles, CopyOutFollowsALinkAtNoComponent) {
  write(box("real"), "x");
  ASSERT_EQ(::symlink("real", box("link").c_str()), 0);
  ASSERT_EQ(::symlink("../secret", box("secret").c_str()), 0);
  ASSERT_EQ(::symlink("nowhere", box("dangling").c_str()), 0);
  ASSERT_EQ(::symlink("..", box("up").c_str()), 0);
  ASSERT_EQ(::symlink("/", box("host").c_str()), 0);
  ASSERT_EQ(::mkdir(box("d").c_str(), 0755), 0);
  ASSERT_EQ(::symlink("../..", box("d/up").c_str()), 0);
  for (const char* name : {"link", "secret", "dangling", "up", "up/secret", "host/etc/passwd", "d/up/secret", "d/up"}) {
    EXPECT_EQ(get(name), "!not_regular") << name;
  }
}

TEST_F(BoxFiles, CopyOutTakesNothingButRegularFiles) {
  ASSERT_EQ(::mkfifo(box("fifo").c_str(), 0644), 0);
  ASSERT_EQ(::mkdir(box("dir").c_str(), 0755), 0);
  write(box("file"), "x");
  EXPECT_EQ(get("fifo"), "!not_regular") << "and did not wait for a writer";
  EXPECT_EQ(get("dir"), "!not_regular");
  EXPECT_EQ(get("file/below"), "!not_regular");
  EXPECT_EQ(get("fifo/below"), "!not_regular");

  const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  box("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(get("socket"), "!not_regular");
}

TEST_F(BoxFiles, CopyOutOpensNoDevice) {
  if (::geteuid() != 0) GTEST_SKIP() << "making a device node needs root";
  ASSERT_EQ(::mknod(box("zero").c_str(), S_IFCHR | 0666, makedev(1, 5)), 0);
  EXPECT_EQ(get("zero"), "!not_regular");
}

TEST_F(BoxFiles, CopyOutHoldsItsCeilingOverAllFilesTogether) {
  write(box("a"), std::string(600, 'a'));
  write(box("b"), std::string(400, 'b'));
  write(box("c"), std::string(401, 'c'));
  auto files = copy_out(scratch_.get(), {"a", "b"}, 1000_B);
  ASSERT_TRUE(files);
  EXPECT_EQ(files->at("a").bytes.size() + files->at("b").bytes.size(), 1000U);
  files = copy_out(scratch_.get(), {"a", "c"}, 1000_B);
  ASSERT_TRUE(files);
  EXPECT_EQ(files->at("a").error, "");
  EXPECT_EQ(files->at("c").error, "too_big");
}

TEST_F(BoxFiles, CopyOutBelievesNoSparseSize) {
  write(box("sparse"), "");
  ASSERT_EQ(::truncate(box("sparse").c_str(), off_t{1} << 40), 0);
  EXPECT_EQ(get("sparse"), "!too_big");
}

// ---- a file as large as allowed --------------------------------------------------------------------------------

TEST_F(BoxFiles, FindsAFileAtTheCeilingInAnyOfTheThreePlaces) {
  for (const char* place : {"box/f", "tmp/f", "shm/f"}) {
    write(path(place), std::string(100, 'x'));
    EXPECT_EQ(count_files_of(scratch_.get(), 100_B), 1U) << place;
    EXPECT_EQ(count_files_of(scratch_.get(), 101_B), 0U) << place;
    ASSERT_EQ(::unlink(path(place).c_str()), 0);
    EXPECT_EQ(count_files_of(scratch_.get(), 100_B), 0U) << place;
  }
}

TEST_F(BoxFiles, FindsItBelowDirectoriesButThroughNoLink) {
  ASSERT_EQ(::mkdir(box("d").c_str(), 0700), 0);
  ASSERT_EQ(::mkdir(box("d/e").c_str(), 0700), 0);
  write(box("d/e/f"), std::string(100, 'x'));
  EXPECT_EQ(count_files_of(scratch_.get(), 100_B), 1U);
  ASSERT_EQ(::unlink(box("d/e/f").c_str()), 0);
  write(path("large"), std::string(100, 'x'));
  ASSERT_EQ(::symlink("../large", box("link").c_str()), 0);
  ASSERT_EQ(::symlink("..", box("up").c_str()), 0);
  EXPECT_EQ(count_files_of(scratch_.get(), 100_B), 0U);
}

TEST_F(BoxFiles, SurvivesADirectoryDeeperThanAnyoneShouldLook) {
  std::string deep = box("d");
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(::mkdir(deep.c_str(), 0700), 0);
    deep += "/d";
  }
  EXPECT_EQ(count_files_of(scratch_.get(), 100_B), 0U);
}

// ---- what a program's file says of itself ----------------------------------------------------------------------

/// An ELF file with these PT_LOAD segments: where, how many bytes.
std::string elf(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& segments, std::size_t said = 0) {
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<Elf64_Half>(said != 0 ? said : segments.size());
  std::string file(reinterpret_cast<const char*>(&header), sizeof header);
  for (const auto& [at, size] : segments) {
    Elf64_Phdr segment = {};
    segment.p_type = PT_LOAD;
    segment.p_vaddr = at;
    segment.p_memsz = size;
    file.append(reinterpret_cast<const char*>(&segment), sizeof segment);
  }
  return file;
}

TEST_F(BoxFiles, FixedMemoryIsWhatTheSegmentsCoverAndNeverMore) {
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  const auto of = [&](const std::string& name, const std::string& bytes) {
    EXPECT_TRUE(put(name, bytes));
    return fixed_memory(scratch_.get(), name).count;
  };
  EXPECT_EQ(of("two", elf({{0x1000, 0x500}, {0x4000, 0x3000}})), 0x3500U);
  EXPECT_EQ(of("overlapping", elf({{0x1000, 0x3000}, {0x1000, 0x3000}, {0x2000, 0x3000}})), 0x4000U);
  EXPECT_EQ(of("descending", elf({{0x4000, 0x1000}, {0x1000, 0x1000}})), 0x1000U);
  EXPECT_EQ(of("beyond", elf({{kMost, 0x1000}, {0x1000, kMost}})), 0U);
  EXPECT_EQ(of("cut", elf({{0x1000, 0x500}}, /*said=*/100)), 0U);
  EXPECT_EQ(of("too many", elf({{0x1000, 0x500}}, /*said=*/65535)), 0U);
  EXPECT_EQ(of("script", "#!/bin/sh\n"), 0U);
  EXPECT_EQ(of("empty", ""), 0U);
  EXPECT_EQ(fixed_memory(scratch_.get(), "missing").count, 0U);
  ASSERT_EQ(::mkfifo(box("fifo").c_str(), 0666), 0);
  EXPECT_EQ(fixed_memory(scratch_.get(), "fifo").count, 0U);
  write(path("outside"), elf({{0x1000, 0x500}}));
  ASSERT_EQ(::symlink("../outside", box("link").c_str()), 0);
  EXPECT_EQ(fixed_memory(scratch_.get(), "link").count, 0U);
}

}  // namespace
}  // namespace bailiff
