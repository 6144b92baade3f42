#include "main/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/unique_fd.h"
#include "spec/json.h"

namespace bailiff {
namespace {

Result<void> load(Content& content, const std::string& key) {
  if (content.host_path.empty()) return {};
  const std::string path = std::move(content.host_path);
  content.host_path.clear();
  struct stat status = {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return request_error(key, path + " is not a regular file");
  }
  Result<std::string> bytes = read_file(path == "-" ? "./-" : path, std::size_t{1} << 30);
  if (!bytes) {
    Error error = std::move(bytes).error();
    error.fault = Fault::kRequest;
    error.key = key;
    return error;
  }
  content.bytes = *std::move(bytes);
  return {};
}

Result<void> load(std::map<std::string, InputFile>& files) {
  for (auto& [name, file] : files) TRY(load(file.content, "files." + name + ".path"));
  return {};
}

Result<std::string> read_spec_text(const std::string& path, const char* key) {
  Result<std::string> text = read_file(path, kMaxSpecBytes);
  if (text) return text;
  Error error = std::move(text).error();
  error.fault = Fault::kRequest;
  error.key = key;
  return error;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t most) {
  UniqueFd opened;
  int fd = STDIN_FILENO;
  if (path != "-") {
    opened = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened) return errno_error("open " + path);
    fd = opened.get();
  }
  // A file of known size is read into its place at once; a pipe grows.
  struct stat status = {};
  const bool sized = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  std::size_t room = (sized ? static_cast<std::size_t>(status.st_size) : 0) + 4096;
  std::string text;
  for (std::size_t had = 0;;) {
    if (had > most) return host_error(path + " is larger than " + std::to_string(most) + " bytes");
    text.resize(std::min(had + room, most + 1));
    const ssize_t got = ::read(fd, text.data() + had, text.size() - had);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read " + path);
    had += static_cast<std::size_t>(got);
    if (got == 0) {
      text.resize(had);
      return text;
    }
    room = std::max<std::size_t>(room, std::size_t{1} << 16);
  }
}

Result<RunSpec> read_run_spec_file(const std::string& path) {
  return parse_run_spec(TRY(read_spec_text(path, "SPEC")));
}

Result<SubmitSpec> read_submit_spec_file(const std::string& path) {
  return parse_submit_spec(TRY(read_spec_text(path, "--spec")));
}

Result<void> load_files(RunSpec& spec) {
  TRY(load(spec.files));
  return load(spec.stdin_content, "stdin.path");
}

Result<void> load_files(SubmitSpec& spec) {
  TRY(load(spec.files));
  for (std::size_t at = 0; at < spec.tests.size(); ++at) {
    TRY(load(spec.tests[at].stdin_content, "tests[" + std::to_string(at) + "].stdin.path"));
  }
  return {};
}

bool print_line(std::string text) {
  text += '\n';
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t wrote = ::write(STDOUT_FILENO, text.data() + at, text.size() - at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    at += static_cast<std::size_t>(wrote);
  }
  return true;
}

}  // namespace bailiff
