#include "launcher/lease.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <utility>

namespace bailiff {
namespace {

constexpr unsigned kMaxLeases = 4096;
constexpr std::size_t kMaxRecord = 4096;

struct Field {
  std::string_view key;
  std::string LeaseRecord::*value;
};
constexpr Field kFields[] = {{"socket", &LeaseRecord::socket},
                             {"name", &LeaseRecord::name},
                             {"container", &LeaseRecord::container},
                             {"slot", &LeaseRecord::slot},
                             {"cpus", &LeaseRecord::cpus}};

/// A line that was cut off, or that means nothing to this version, is left out.
LeaseRecord parse(const std::string& text) {
  LeaseRecord record;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && !lines.eof();) {
    const std::size_t space = line.find(' ');
    for (const Field& field : kFields) {
      if (line.substr(0, space) == field.key && space != std::string::npos)
        record.*field.value = line.substr(space + 1);
    }
  }
  return record;
}

std::string to_text(const LeaseRecord& record) {
  std::string text;
  for (const Field& field : kFields) {
    if (!(record.*field.value).empty()) text += std::string(field.key) + " " + record.*field.value + "\n";
  }
  return text;
}

Result<LeaseRecord> read_record(int fd, const std::string& path) {
  std::string text(kMaxRecord, '\0');
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  if (got < 0) return errno_error("read " + path);
  text.resize(static_cast<std::size_t>(got));
  return parse(text);
}

}  // namespace

Result<std::optional<Lease>> Lease::try_take(const std::string& directory, unsigned number) {
  const std::string path = directory + "/" + std::to_string(number);
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return errno_error("open " + path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0) {
    if (errno == EWOULDBLOCK) return std::optional<Lease>();
    return errno_error("lock " + path);
  }
  LeaseRecord record = TRY(read_record(fd.get(), path));
  return std::optional(Lease(std::move(fd), number, std::move(record)));
}

LeaseRecord Lease::read(const std::string& directory, unsigned number) {
  const std::string path = directory + "/" + std::to_string(number);
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  Result<LeaseRecord> record = fd ? read_record(fd.get(), path) : LeaseRecord();
  return record ? *std::move(record) : LeaseRecord();
}

Result<Lease> Lease::take(const std::string& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) return Error{Fault::kHost, failed.value(), "make " + directory, {}};
  for (unsigned number = 0; number < kMaxLeases; ++number) {
    if (auto lease = TRY(try_take(directory, number))) return *std::move(lease);
  }
  return Error{Fault::kHost, EMFILE, "all numbers in " + directory + " are taken", {}};
}

std::vector<unsigned> Lease::numbers(const std::string& directory) {
  std::vector<unsigned> found;
  DIR* dir = ::opendir(directory.c_str());
  if (dir == nullptr) return found;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    unsigned number = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    if (read.ec == std::errc() && read.ptr == name.data() + name.size()) found.push_back(number);
  }
  ::closedir(dir);
  std::sort(found.begin(), found.end());
  return found;
}

Result<void> Lease::write(LeaseRecord record) {
  const std::string text = to_text(record);
  // What is there is longer or the same line by line: a reader between the two calls sees no wrong line.
  if (::pwrite(fd_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()) ||
      ::ftruncate(fd_.get(), static_cast<off_t>(text.size())) < 0) {
    return errno_error("write the record of lease " + std::to_string(number_));
  }
  record_ = std::move(record);
  return {};
}

std::string lease_directory() {
  if (const char* state = std::getenv("BAILIFF_STATE"); state != nullptr && *state == '/') return state;
  if (::geteuid() == 0) return "/run/bailiff/leases";
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  return std::string(runtime != nullptr && *runtime == '/' ? runtime : "/tmp") + "/bailiff-" +
         std::to_string(::geteuid()) + "/leases";
}

}  // namespace bailiff
