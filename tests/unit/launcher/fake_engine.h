#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bailiff::test {

/// One connection to the fake engine: what a handler does with it is what the client sees.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  /// Everything at once; false: nobody reads any more.
  bool send(const std::string& bytes) const;
  /// One byte at a time, with a pause after each, until the client is gone.
  void drip(const std::string& bytes, int pause_ms) const;
  /// The next bytes; empty: the client has closed.
  [[nodiscard]] std::string receive() const;
  void wait_until_closed() const;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

/// A Docker daemon on a unix socket of its own, as far as a test plays it: a handler gets each request's line
/// ("GET /v1.41/info") and writes whatever it likes. /version is answered unless a handler was set for it.
class FakeEngine {
 public:
  using Handler = std::function<void(const std::string& request, Connection& connection)>;
  explicit FakeEngine(Handler handler);
  ~FakeEngine();
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;

  [[nodiscard]] const std::string& socket_path() const { return path_; }
  /// Request lines, in the order they came.
  std::vector<std::string> requests();
  /// What came with a request whose line has `part` in it; the last one's.
  std::string body_of(const std::string& part);
  void answer_version(std::string body) { version_ = std::move(body); }
  /// Nobody listens any more; connections that are open are broken off.
  void vanish();

 private:
  void accept_all();
  void serve(int fd);

  Handler handler_;
  std::string directory_, path_;
  std::string version_ = R"({"ApiVersion":"1.43","MinAPIVersion":"1.12"})";
  int listener_ = -1;
  std::thread acceptor_;
  std::mutex mutex_;
  std::vector<std::string> requests_, bodies_;
  std::vector<std::thread> threads_;
  std::vector<int> connections_;
};

/// A complete answer with Content-Length.
std::string http(int status, const std::string& body);
/// As Docker's attach stream has it: 1 is stdout, 2 stderr.
std::string multiplexed(int stream, const std::string& bytes);
/// A frame of docs/protocol.md.
std::string frame(const std::string& header, const std::string& body = {});

}  // namespace bailiff::test
