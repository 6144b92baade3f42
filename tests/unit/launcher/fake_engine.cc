#include "tests/unit/launcher/fake_engine.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "spec/frame.h"

namespace bailiff::test {

bool Connection::send(const std::string& bytes) const {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t sent = ::send(fd_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += static_cast<std::size_t>(sent);
  }
  return true;
}

void Connection::drip(const std::string& bytes, int pause_ms) const {
  for (const char byte : bytes) {
    if (!send(std::string(1, byte))) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
  }
}

std::string Connection::receive() const {
  std::array<char, 65536> bytes;
  const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
  return got <= 0 ? std::string() : std::string(bytes.data(), static_cast<std::size_t>(got));
}

void Connection::wait_until_closed() const {
  while (!receive().empty()) continue;
}

FakeEngine::FakeEngine(Handler handler) : handler_(std::move(handler)) {
  std::string name = "/tmp/fake-engine.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  directory_ = name;
  path_ = directory_ + "/s";
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
      ::listen(listener_, 16) < 0) {
    throw std::runtime_error("listen");
  }
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeEngine::~FakeEngine() {
  vanish();
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  for (const int fd : connections_) ::close(fd);
  ::close(listener_);
  ::rmdir(directory_.c_str());
}

void FakeEngine::vanish() {
  ::unlink(path_.c_str());
  ::shutdown(listener_, SHUT_RDWR);
  const std::lock_guard lock(mutex_);
  for (const int fd : connections_) ::shutdown(fd, SHUT_RDWR);
}

std::vector<std::string> FakeEngine::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string FakeEngine::body_of(const std::string& part) {
  const std::lock_guard lock(mutex_);
  std::string found;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (requests_[i].find(part) != std::string::npos) found = bodies_[i];
  }
  return found;
}

void FakeEngine::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    connections_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void FakeEngine::serve(int fd) {
  Connection connection(fd);
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    const std::string more = connection.receive();
    if (more.empty()) return;
    request += more;
  }
  const std::size_t length_at = request.find("Content-Length: ");
  const std::size_t head = request.find("\r\n\r\n") + 4;
  if (length_at != std::string::npos) {
    const std::size_t length = std::strtoul(request.c_str() + length_at + 16, nullptr, 10);
    while (request.size() < head + length) request += connection.receive();
  }
  const std::string line = request.substr(0, request.find(" HTTP/"));
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(line);
    bodies_.push_back(request.substr(head));
  }
  if (line == "GET /version") {
    connection.send(http(200, version_));
  } else {
    handler_(line, connection);
  }
  ::shutdown(fd, SHUT_RDWR);
}

std::string http(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string multiplexed(int stream, const std::string& bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  std::string out = {static_cast<char>(stream), 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xFF);
  return out + bytes;
}

std::string frame(const std::string& header, const std::string& body) {
  std::string bytes = frame_head(header, body.size()) + body;
  if (body.empty()) return bytes;
  const auto trailer = frame_trailer(crc32c(0, body));
  return bytes.append(trailer.data(), trailer.size());
}

}  // namespace bailiff::test
