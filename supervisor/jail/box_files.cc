#include "jail/box_files.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "base/file_io.h"

namespace bailiff {
namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/// Opens `name`, which has just been seen to be a directory or a regular file. One that its owner made
/// unreadable to himself stops nobody: root has the capability, and where we are the owner we change its
/// mode.
UniqueFd open_own(int parent, const char* name, int flags) {
  UniqueFd fd(::openat(parent, name, flags));
  if (!fd && errno == EACCES && ::fchmodat(parent, name, 0700, 0) == 0)
    fd = UniqueFd(::openat(parent, name, flags));
  return fd;
}

/// Opens a directory and no link to one. O_NOFOLLOW alone does not do: gVisor (20240729) follows a link where
/// O_DIRECTORY stands beside it. Nothing changes the tree between the two looks: the box's programs are dead.
Result<UniqueFd> open_directory(int parent, const char* name) {
  struct stat before = {}, after = {};
  if (::fstatat(parent, name, &before, AT_SYMLINK_NOFOLLOW) < 0)
    return errno_error(std::string("stat ") + name);
  if (!S_ISDIR(before.st_mode)) {
    errno = S_ISLNK(before.st_mode) ? ELOOP : ENOTDIR;
    return errno_error(std::string("open directory ") + name);
  }
  UniqueFd fd(open_own(parent, name, kDirectory));
  if (!fd || ::fstat(fd.get(), &after) < 0) return errno_error(std::string("open directory ") + name);
  if (before.st_dev != after.st_dev || before.st_ino != after.st_ino) {
    errno = ELOOP;
    return errno_error(std::string("open directory ") + name);
  }
  return fd;
}

/// The directory of `name` below `base`, walked one component at a time, and the last component. With `make`,
/// missing directories are made for `owner`.
Result<UniqueFd> open_parent(int base, std::string_view name, std::string& leaf, const uid_t* make) {
  UniqueFd directory(::openat(base, ".", kDirectory));
  if (!directory) return errno_error("open box");
  for (std::size_t slash; (slash = name.find('/')) != std::string_view::npos; name.remove_prefix(slash + 1)) {
    const std::string component(name.substr(0, slash));
    if (make != nullptr && ::mkdirat(directory.get(), component.c_str(), 0755) == 0) {
      if (::fchownat(directory.get(), component.c_str(), *make, *make, AT_SYMLINK_NOFOLLOW) < 0) {
        return errno_error("chown " + component);
      }
    }
    directory = TRY(open_directory(directory.get(), component.c_str()));
  }
  leaf = std::string(name);
  return directory;
}

/// Makes box/<name> and has `fill` write it.
template <typename Fill>
Result<void> copy_one_in(int box, const std::string& name, unsigned mode, uid_t owner, Fill fill) {
  const auto put = [&]() -> Result<void> {
    std::string leaf;
    const UniqueFd directory = TRY(open_parent(box, name, leaf, &owner));
    const UniqueFd fd(
        ::openat(directory.get(), leaf.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return errno_error("create");
    TRY(fill(fd.get()));
    if (::fchown(fd.get(), owner, owner) < 0) return errno_error("chown");
    if (::fchmod(fd.get(), mode) < 0) return errno_error("chmod");
    return {};
  };
  Result<void> copied = put();
  if (copied) return {};
  Error error = std::move(copied).error();
  if (error.code == ENOSPC) {
    return request_error("files." + name, "does not fit: limits.disk_bytes or limits.disk_inodes is used up");
  }
  if (error.code == EFBIG) {
    return request_error("files." + name, "larger than " + std::to_string(kMaxHostFile.count) + " bytes");
  }
  error.what = "copy in " + name + ": " + error.what;
  return error;
}

/// Reads one file of at most `ceiling` bytes; gives the word for why not otherwise.
Result<OutputFile> copy_one_out(int box, const std::string& name, std::uint64_t ceiling) {
  OutputFile out;
  std::string leaf;
  const Result<UniqueFd> directory = open_parent(box, name, leaf, nullptr);
  struct stat status = {};
  if (!directory || ::fstatat(directory->get(), leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) {
    // A link or a file in place of a directory on the way is not a missing file.
    out.error = !directory && (directory.error().code == ELOOP || directory.error().code == ENOTDIR)
                    ? "not_regular"
                    : "missing";
    return out;
  }
  if (!S_ISREG(status.st_mode)) {
    out.error = "not_regular";  // looked at before it is opened: opening a FIFO or a device is an act
    return out;
  }
  const UniqueFd fd(
      open_own(directory->get(), leaf.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd || ::fstat(fd.get(), &status) < 0 || !S_ISREG(status.st_mode)) {
    out.error = "not_regular";
    return out;
  }
  if (static_cast<std::uint64_t>(status.st_size) > ceiling) {
    out.error = "too_big";
    return out;
  }
  if (static_cast<std::uint64_t>(status.st_size) > Blob::kInMemory) {
    TRY(out.bytes.append_file(fd.get(), ceiling));
    return out;
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t got = ::read(fd.get(), bytes.data() + at, bytes.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    at += static_cast<std::size_t>(got);
  }
  bytes.resize(at);
  out.bytes = std::move(bytes);
  return out;
}

std::size_t count_files_in(int directory, const char* name, std::uint64_t size, int depth, int& left) {
  Result<UniqueFd> opened = open_directory(directory, name);
  if (!opened) return 0;
  UniqueFd fd = *std::move(opened);
  DIR* dir = ::fdopendir(fd.get());
  if (dir == nullptr) return 0;
  const int dir_fd = fd.release();
  std::size_t found = 0;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view entry_name = entry->d_name;
    if (entry_name == "." || entry_name == "..") continue;
    if (--left < 0) break;
    struct stat status = {};
    if (::fstatat(dir_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) continue;
    if (S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) >= size) ++found;
    if (S_ISDIR(status.st_mode) && depth > 0)
      found += count_files_in(dir_fd, entry->d_name, size, depth - 1, left);
  }
  ::closedir(dir);
  return found;
}

/// Not blocked by a FIFO without a writer: looked at after it is opened.
Result<UniqueFd> open_host_file(const std::string& path, const std::string& key) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status = {};
  if (!fd || ::fstat(fd.get(), &status) < 0) {
    Error error = errno_error("open " + path);
    error.fault = Fault::kRequest;
    error.key = key;
    return error;
  }
  if (!S_ISREG(status.st_mode)) return request_error(key, path + " is not a regular file");
  return fd;
}

}  // namespace

Result<HostFiles> open_host_files(const RunSpec& spec) {
  HostFiles host;
  for (const auto& [name, file] : spec.files) {
    const std::string& path = file.content.host_path;
    if (!path.empty()) host.files[name] = TRY(open_host_file(path, "files." + name + ".path"));
  }
  const std::string& path = spec.stdin_content.host_path;
  if (!path.empty()) host.stdin_file = TRY(open_host_file(path, "stdin.path"));
  return host;
}

Result<void> copy_in(int scratch, const std::map<std::string, InputFile>& files, const HostFiles& host,
                     uid_t owner) {
  if (files.empty()) return {};
  const UniqueFd box(::openat(scratch, "box", kDirectory));
  if (!box) return errno_error("open box");
  for (const auto& [name, file] : files) {
    const auto opened = host.files.find(name);
    const int from = opened == host.files.end() ? -1 : opened->second.get();
    TRY(copy_one_in(box.get(), name, file.mode, owner,
                    [&bytes = file.content.bytes, from](int fd) -> Result<void> {
                      if (from < 0) return write_all(fd, bytes);
                      const Result<std::uint64_t> copied = copy_rest(fd, from, kMaxHostFile.count);
                      return copied ? Result<void>() : copied.error();
                    }));
  }
  return {};
}

Result<void> copy_in(int scratch, const Spool& spool, uid_t owner) {
  if (spool.files.empty()) return {};
  const UniqueFd box(::openat(scratch, "box", kDirectory));
  if (!box) return errno_error("open box");
  for (const SpooledFile& file : spool.files) {
    TRY(copy_one_in(box.get(), file.name, file.mode, owner, [&](int fd) -> Result<void> {
      auto offset = static_cast<off_t>(file.offset);
      const auto end = static_cast<off_t>(file.offset + file.size);
      while (offset < end) {
        const ssize_t sent =
            ::sendfile(fd, spool.bytes.get(), &offset, static_cast<std::size_t>(end - offset));
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return errno_error("sendfile");
      }
      return {};
    }));
  }
  return {};
}

Result<std::map<std::string, OutputFile>> copy_out(int scratch, const std::vector<std::string>& names,
                                                   Bytes ceiling) {
  std::map<std::string, OutputFile> files;
  if (names.empty()) return files;
  const UniqueFd box = TRY(open_directory(scratch, "box"));
  std::uint64_t left = ceiling.count;
  for (const std::string& name : names) {
    OutputFile file = TRY(copy_one_out(box.get(), name, left));
    left -= file.bytes.size();
    files.emplace(name, std::move(file));
  }
  return files;
}

Bytes fixed_memory(int scratch, const std::string& name) {
  constexpr std::size_t kMaxSegments = 128;
  const Result<UniqueFd> box = open_directory(scratch, "box");
  std::string leaf;
  const Result<UniqueFd> directory =
      box ? open_parent(box->get(), name, leaf, nullptr) : Result<UniqueFd>(box.error());
  struct stat status = {};
  if (!directory || ::fstatat(directory->get(), leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) return {};
  if (!S_ISREG(status.st_mode)) return {};
  const UniqueFd fd(::openat(directory->get(), leaf.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  Elf64_Ehdr header = {};
  if (!fd || ::pread(fd.get(), &header, sizeof header, 0) != sizeof header) return {};
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) return {};
  if (header.e_phentsize != sizeof(Elf64_Phdr)) return {};
  std::array<Elf64_Phdr, kMaxSegments> segments = {};
  const std::size_t bytes = std::min<std::size_t>(header.e_phnum, kMaxSegments) * sizeof(Elf64_Phdr);
  if (::pread(fd.get(), segments.data(), bytes, static_cast<off_t>(header.e_phoff)) != static_cast<ssize_t>(bytes))
    return {};
  // They come in ascending order (elf(5)). What is in another's place, or out of order, is not counted twice: a verdict
  // rests on this, so it may be too little and never too much.
  Bytes sum = {};
  std::uint64_t covered_to = 0;
  for (const Elf64_Phdr& segment : segments) {
    std::uint64_t to = 0;
    if (segment.p_type != PT_LOAD || __builtin_add_overflow(segment.p_vaddr, segment.p_memsz, &to)) continue;
    sum.count += to - std::min(to, std::max(segment.p_vaddr, covered_to));
    covered_to = std::max(covered_to, to);
  }
  return sum;
}

std::size_t count_files_of(int scratch, Bytes size) {
  int left = 4096;
  std::size_t found = 0;
  for (const char* place : {"box", "tmp", "shm"}) {
    found += count_files_in(scratch, place, size.count, /*depth=*/16, left);
  }
  return found;
}

}  // namespace bailiff
