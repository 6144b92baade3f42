#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/support.h"

namespace bailiff::bench {

/// A file for a box: its name there, and where its bytes are now.
struct BoxFile {
  std::string name, path;
};

/// `bailiff-supervisor serve` on two pipes, spoken to by a client that costs next to nothing: blocking, one request
/// written by one writev, one reply read into memory that stays. Whatever goes wrong ends the benchmark.
class ServeClient {
 public:
  explicit ServeClient(const std::string& supervisor, int pipe_bytes = 0);
  ~ServeClient();
  ServeClient(const ServeClient&) = delete;
  ServeClient& operator=(const ServeClient&) = delete;

  struct Reply {
    std::string_view header, body;  // valid until the next receive()
  };

  /// Sends a frame. The header is everything but the id: `"op":"run",…`; the id is the next number. Returns it.
  std::uint64_t send(std::string_view members, std::string_view body = {});
  /// The next frame. That it is one, and whole, is looked at before it is returned, but after took() stops.
  Reply receive();
  /// send() and receive(): from the first byte written to the last byte read, framing and checking left out.
  Reply exchange(std::string_view members, std::string_view body = {});
  /// What the last exchange() took.
  [[nodiscard]] Nanos took() const { return took_; }

  /// Opens a box with executable `files`.
  void open(const std::string& box, const std::vector<BoxFile>& files, std::string_view more = {});
  void close(const std::string& box);
  /// Returns when the supervisor has nothing left to do: what it tidies after its last reply is done.
  void settle();

  [[nodiscard]] pid_t pid() const { return process_.pid; }

 private:
  void prepare(std::string_view members, std::string_view body);
  void write_prepared(std::string_view body);
  void read_frame();
  Reply check_frame();

  Spawned process_;
  std::uint64_t last_id_ = 0;
  std::string head_;  // of the frame to send, header included
  std::string trailer_;
  std::vector<char> buffer_;
  std::size_t have_ = 0;   // bytes in buffer_
  std::size_t frame_ = 0;  // of these, the frame that was returned last
  Nanos took_{};
};

/// `"op":"run","box":BOX,"spec":{"argv":["./PROGRAM",…],MORE},"stdin":{"bytes":N}`
std::string run_request(const std::string& box, const Words& argv, std::size_t stdin_bytes = 0,
                        const std::string& more = {});

}  // namespace bailiff::bench
