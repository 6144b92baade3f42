#include "tests/support/frame_client.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>

namespace bailiff::test {
namespace {

constexpr int kPipeBytes = 1 << 20;  // what every user may ask for (pipe(7))

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("frame client: " + what); }

template <typename T>
T must(Result<T> result) {
  if (!result) fail(result.error().message());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace

std::string_view Frame::bytes(const nlohmann::json& place) const {
  const auto offset = place.at("body").at(0).get<std::size_t>(),
             length = place.at("body").at(1).get<std::size_t>();
  if (offset > body.size() || length > body.size() - offset) fail("a place outside of the body");
  return std::string_view(body).substr(offset, length);
}

FrameClient::FrameClient(const std::vector<std::string>& argv, std::chrono::milliseconds timeout)
    : timeout_(timeout) {
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) < 0) fail("pipe2");
  UniqueFd child_in(in[0]);
  in_ = UniqueFd(in[1]);
  if (::pipe2(out, O_CLOEXEC) < 0) fail("pipe2");
  UniqueFd child_out(out[1]);
  out_ = UniqueFd(out[0]);
  // Ours alone: the other end of a pipe has its own flags.
  if (::fcntl(in_.get(), F_SETFL, O_NONBLOCK) < 0) fail("fcntl");
  // Fewer turns for long bodies. Refused when the user has too many pipes: then they stay as they are.
  ::fcntl(in_.get(), F_SETPIPE_SZ, kPipeBytes);
  ::fcntl(out_.get(), F_SETPIPE_SZ, kPipeBytes);

  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_CHILD_SUBREAPER,
          1);  // what a supervisor leaves alive becomes our child: left_behind() sees it
  pid_ = ::fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) {
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(child_in.get(), STDIN_FILENO);
    ::dup2(child_out.get(), STDOUT_FILENO);
    ::execv(words[0], words.data());
    ::_exit(126);
  }
}

FrameClient::~FrameClient() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool FrameClient::send(std::string_view header, std::string_view body) {
  const std::string head = frame_head(header, body.size());
  if (body.empty()) return write_all({head});
  const auto trailer = frame_trailer(crc32c(0, body));
  return write_all({head, body, {trailer.data(), trailer.size()}});
}

bool FrameClient::send_raw(std::string_view bytes) { return write_all({bytes}); }

std::optional<Frame> FrameClient::receive() {
  while (frames_.empty()) {
    if (ended_) return std::nullopt;
    wait_for(/*writable=*/false);
  }
  Frame frame = std::move(frames_.front());
  frames_.pop_front();
  return frame;
}

std::uint64_t FrameClient::ask(nlohmann::json request, std::string_view body) {
  request["id"] = ++last_id_;
  return send(request.dump(), body) ? last_id_ : 0;
}

Frame FrameClient::reply(std::uint64_t id) {
  for (std::size_t seen = 0;; ++seen) {
    while (frames_.size() == seen) {
      if (ended_) fail("no reply to request " + std::to_string(id));
      wait_for(/*writable=*/false);
    }
    if (frames_[seen].json().value("id", nlohmann::json()) != id) continue;
    Frame frame = std::move(frames_[seen]);
    frames_.erase(frames_.begin() + static_cast<std::ptrdiff_t>(seen));
    return frame;
  }
}

int FrameClient::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) fail("waitpid");
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int FrameClient::finish() {
  close_input();
  while (receive()) continue;
  return wait();
}

bool FrameClient::write_all(std::vector<std::string_view> pieces) {
  std::size_t at = 0;  // the first piece that is not all written
  while (at < pieces.size()) {
    std::array<iovec, 3> parts = {};
    const std::size_t count = std::min(pieces.size() - at, parts.size());
    for (std::size_t i = 0; i < count; ++i) {
      parts[i] = {const_cast<char*>(pieces[at + i].data()), pieces[at + i].size()};
    }
    const ssize_t wrote = ::writev(in_.get(), parts.data(), static_cast<int>(count));
    if (wrote < 0 && errno == EAGAIN) {
      wait_for(/*writable=*/true);
      continue;
    }
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0 && errno == EPIPE) return false;
    if (wrote < 0) fail(std::string("writev: ") + std::strerror(errno));
    for (auto left = static_cast<std::size_t>(wrote); at < pieces.size();) {
      const std::size_t part = std::min(left, pieces[at].size());
      pieces[at].remove_prefix(part);
      left -= part;
      if (!pieces[at].empty()) break;
      ++at;
    }
  }
  return true;
}

/// Until bytes have come (and were read) or, if asked for, there is room to write.
void FrameClient::wait_for(bool writable) {
  pollfd fds[] = {{ended_ ? -1 : out_.get(), POLLIN, 0}, {writable ? in_.get() : -1, POLLOUT, 0}};
  const int ready = ::poll(fds, 2, static_cast<int>(timeout_.count()));
  if (ready < 0 && errno != EINTR) fail("poll");
  if (ready == 0) fail(writable ? "the process does not read" : "the process is silent");
  if (ready > 0 && fds[0].revents != 0) read_some();
}

void FrameClient::read_some() {
  std::array<char, 65536> buffer;
  // A long body is read to its place, without a detour.
  const bool direct = stage_ == Stage::kBody && raw_.empty();
  char* const to = direct ? coming_.body.data() + body_bytes_ : buffer.data();
  const std::size_t room = direct ? coming_.body.size() - body_bytes_ : buffer.size();
  const ssize_t got = ::read(out_.get(), to, room);
  if (got < 0 && errno == EINTR) return;
  if (got < 0) fail(std::string("read: ") + std::strerror(errno));
  if (got == 0) {
    ended_ = true;
    if (stage_ != Stage::kPrefix || !raw_.empty()) fail("the stream ends inside a frame");
    return;
  }
  if (direct) {
    body_bytes_ += static_cast<std::size_t>(got);
  } else {
    raw_.append(to, static_cast<std::size_t>(got));
  }
  advance();
}

/// The next `count` bytes of raw_, if they are all there.
std::optional<std::string> FrameClient::take(std::size_t count) {
  if (raw_.size() < count) return std::nullopt;
  std::string taken = raw_.substr(0, count);
  raw_.erase(0, count);
  return taken;
}

/// Makes frames of what is there.
void FrameClient::advance() {
  for (;;) {
    switch (stage_) {
      case Stage::kPrefix: {
        const auto bytes = take(kFramePrefixBytes);
        if (!bytes) return;
        prefix_ = must(parse_frame_prefix(std::as_bytes(std::span(*bytes)).first<kFramePrefixBytes>()));
        stage_ = Stage::kHeader;
        break;
      }
      case Stage::kHeader: {
        auto header = take(prefix_.header_bytes);
        if (!header) return;
        must(check_frame_header(prefix_, *header));
        coming_.header = *std::move(header);
        coming_.body.resize(prefix_.body_bytes);
        body_bytes_ = 0;
        stage_ = Stage::kBody;
        break;
      }
      case Stage::kBody: {
        const std::size_t part = std::min(raw_.size(), coming_.body.size() - body_bytes_);
        std::copy_n(raw_.begin(), part, coming_.body.begin() + static_cast<std::ptrdiff_t>(body_bytes_));
        raw_.erase(0, part);
        body_bytes_ += part;
        if (body_bytes_ < coming_.body.size()) return;
        stage_ = Stage::kTrailer;
        break;
      }
      case Stage::kTrailer: {
        if (!coming_.body.empty()) {
          const auto trailer = take(kFrameTrailerBytes);
          if (!trailer) return;
          const auto expected = frame_trailer(crc32c(0, coming_.body));
          if (!std::equal(expected.begin(), expected.end(), trailer->begin()))
            fail("a body with a wrong checksum");
        }
        frames_.push_back(std::exchange(coming_, {}));
        stage_ = Stage::kPrefix;
        break;
      }
    }
  }
}

}  // namespace bailiff::test
