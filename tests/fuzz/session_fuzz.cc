// A whole conversation with `serve`, in boxes that are real: whatever a peer sends, the session ends by itself, and
// what it sent is whole frames, at most one for each request. Needs root. Checksums are made to fit, or hardly any
// input would get past them; a header that claims 0xffffffff keeps it.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "jail/session.h"
#include "spec/frame.h"

namespace {

using namespace bailiff;

/// A claim that does not hold is a finding.
void hold(bool claim, const char* what) {
  if (claim) return;
  std::fprintf(stderr, "session_fuzz: %s\n", what);
  std::abort();
}

/// Box programs can be nothing but these: a root tree of three static programs.
const Surroundings& surroundings() {
  static const Surroundings* const made = [] {
    static char root[] = "/tmp/session_fuzz.XXXXXX";
    hold(::mkdtemp(root) != nullptr, "mkdtemp");
    const std::string directory = std::string(root) + "/p";
    hold(::mkdir(directory.c_str(), 0755) == 0 && ::chmod(root, 0755) == 0, "mkdir");
    for (const char* name : {"nothing", "emit", "burn"}) {
      const std::string from = std::string(BAILIFF_TEST_PROGRAMS) + "/" + name, to = directory + "/" + name;
      hold(std::system(("cp " + from + " " + to).c_str()) == 0, "cp");
    }
    std::atexit([] { (void)!std::system(("rm -rf " + std::string(root)).c_str()); });
    auto* all = new Surroundings;
    Result<RootTree> tree = RootTree::of_directory(root);
    hold(bool(tree), "root tree");
    all->root = *std::move(tree);
    all->kernel = Kernel::probe();
    return all;
  }();
  return *made;
}

/// The frames of `data` with the lengths cut to what is there; how many of them a session could answer.
std::string repaired(std::string_view data, std::size_t* frames) {
  std::string out;
  while (data.size() >= kFramePrefixBytes && data.starts_with("BLF1")) {
    std::uint32_t header_bytes = 0, crc = 0;
    std::uint64_t body_bytes = 0;
    std::memcpy(&header_bytes, data.data() + 4, 4);
    std::memcpy(&body_bytes, data.data() + 8, 8);
    std::memcpy(&crc, data.data() + 16, 4);
    if (crc == 0xffffffff || header_bytes > kMaxFrameHeader || body_bytes > kMaxFrameBody) break;
    data.remove_prefix(kFramePrefixBytes);
    const std::string_view header = data.substr(0, header_bytes);
    data.remove_prefix(header.size());
    const std::string_view body = data.substr(0, static_cast<std::size_t>(body_bytes));
    data.remove_prefix(body.size());
    out += frame_head(header, body.size());
    ++*frames;
    if (body.empty()) continue;
    const auto trailer = frame_trailer(crc32c(0, body));
    out.append(body).append(trailer.data(), trailer.size());
    data.remove_prefix(std::min(data.size(), kFrameTrailerBytes));
  }
  return out.append(data);
}

void check_output(std::string_view out, std::size_t requests, bool good) {
  std::size_t replies = 0;
  bool ended = false;
  while (!out.empty()) {
    hold(!ended, "a frame after the last one");
    hold(out.size() >= kFramePrefixBytes, "the output ends inside a prefix");
    const Result<FramePrefix> prefix =
        parse_frame_prefix(std::as_bytes(std::span(out)).first<kFramePrefixBytes>());
    hold(bool(prefix), "a broken prefix");
    out.remove_prefix(kFramePrefixBytes);
    hold(out.size() >= prefix->header_bytes, "the output ends inside a header");
    const std::string_view header = out.substr(0, prefix->header_bytes);
    hold(bool(check_frame_header(*prefix, header)), "a wrong checksum");
    out.remove_prefix(header.size());
    const std::size_t rest = prefix->body_bytes == 0 ? 0 : prefix->body_bytes + kFrameTrailerBytes;
    hold(out.size() >= rest, "the output ends inside a body");
    out.remove_prefix(rest);
    const auto message = nlohmann::json::parse(header);
    if (message.contains("hello") || message.contains("output")) continue;
    ended = message.contains("bye") || (message["id"].is_null() && message["error"]["key"] == "frame");
    if (!message["id"].is_null()) ++replies;
  }
  hold(replies <= requests, "more replies than requests");
  hold(good || ended, "a broken frame, and no error that says so");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t requests = 0;
  const std::string input = repaired({reinterpret_cast<const char*>(data), size}, &requests);
  const Surroundings& around = surroundings();
  int pipe[2];
  hold(::pipe2(pipe, O_CLOEXEC) == 0, "pipe");
  UniqueFd in(pipe[0]), feed(pipe[1]);
  hold(::fcntl(feed.get(), F_SETPIPE_SZ, 1 << 20) >= static_cast<int>(input.size()), "the input is too long");
  hold(::write(feed.get(), input.data(), input.size()) == static_cast<ssize_t>(input.size()), "write");
  feed.reset();
  const UniqueFd out(::memfd_create("out", MFD_CLOEXEC));
  bool good = false;
  {
    Session session(around, SessionOptions{.version = "fuzz", .files_root = around.root.directory, .parallel = 2});
    good = bool(session.serve(in.get(), out.get()));
  }
  const off_t length = ::lseek(out.get(), 0, SEEK_END);
  std::string sent(static_cast<std::size_t>(length), '\0');
  hold(::pread(out.get(), sent.data(), sent.size(), 0) == length, "read");
  check_output(sent, requests, good);
  return 0;
}
