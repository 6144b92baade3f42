#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "spec/frame.h"

namespace bailiff::test {

/// One frame as it came (docs/protocol.md).
struct Frame {
  std::string header = {};
  std::string body = {};

  [[nodiscard]] nlohmann::json json() const { return nlohmann::json::parse(header); }
  /// What `place` ({"body": [offset, length], …}) stands for.
  [[nodiscard]] std::string_view bytes(const nlohmann::json& place) const;
};

/// A process that speaks frames on its standard input and output, and we at the other end of its pipes.
/// Single-threaded; whatever it waits for, it takes in what the process sends meanwhile, so neither side
/// blocks the other.
///
/// What must not happen in a sound conversation (a broken frame, a process that is silent for longer than the
/// timeout) is a std::runtime_error. The destructor kills and reaps a process that is still there.
class FrameClient {
 public:
  /// argv[0] is a path. Standard error stays ours.
  explicit FrameClient(const std::vector<std::string>& argv,
                       std::chrono::milliseconds timeout = std::chrono::minutes(1));
  FrameClient(const FrameClient&) = delete;
  FrameClient& operator=(const FrameClient&) = delete;
  ~FrameClient();

  /// Returns when all of it is in the pipe; false when the process no longer reads.
  bool send(std::string_view header, std::string_view body = {});
  /// Bytes that need not be a frame.
  bool send_raw(std::string_view bytes);
  /// The next frame; nothing at the end of the stream. An end inside a frame is an error.
  std::optional<Frame> receive();

  /// Gives `request` the next id (1, 2, …), sends it, returns the id; 0 when the process no longer reads.
  std::uint64_t ask(nlohmann::json request, std::string_view body = {});
  /// The frame that answers request `id`. Others that come before it are kept for receive() and reply().
  Frame reply(std::uint64_t id);
  Frame call(nlohmann::json request, std::string_view body = {}) {
    return reply(ask(std::move(request), body));
  }

  void close_input() { in_.reset(); }    ///< the process reads end of file
  void close_output() { out_.reset(); }  ///< the process has nobody to write to
  /// Waits for the process; its exit code, or 128 + the signal that ended it.
  int wait();
  /// end of file, whatever still comes is dropped, wait()
  int finish();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int in() const { return in_.get(); }
  [[nodiscard]] int out() const { return out_.get(); }

 private:
  /// Where in a frame the next byte that comes belongs.
  enum class Stage { kPrefix, kHeader, kBody, kTrailer };

  bool write_all(std::vector<std::string_view> pieces);
  void wait_for(bool writable);
  void read_some();
  void advance();
  std::optional<std::string> take(std::size_t count);

  pid_t pid_ = -1;
  UniqueFd in_, out_;  // named as the process has them: we write to in_
  std::chrono::milliseconds timeout_;
  std::uint64_t last_id_ = 0;

  std::string raw_;  // read, and not part of a frame yet
  Stage stage_ = Stage::kPrefix;
  FramePrefix prefix_;
  Frame coming_;
  std::size_t body_bytes_ = 0;  // of coming_, that are there
  std::deque<Frame> frames_;    // complete
  bool ended_ = false;
};

}  // namespace bailiff::test
