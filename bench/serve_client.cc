#include "bench/serve_client.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "spec/frame.h"

namespace bailiff::bench {
namespace {

std::span<const std::byte, kFramePrefixBytes> prefix_at(const char* bytes) {
  return std::span<const std::byte, kFramePrefixBytes>(reinterpret_cast<const std::byte*>(bytes), kFramePrefixBytes);
}

}  // namespace

ServeClient::ServeClient(const std::string& supervisor, int pipe_bytes)
    : process_(spawn({supervisor, "serve"}, pipe_bytes)), buffer_(16384) {
  if (receive().header.find("\"hello\"") == std::string_view::npos) give_up("the supervisor does not say hello");
}

ServeClient::~ServeClient() { finish(std::move(process_)); }

std::uint64_t ServeClient::send(std::string_view members, std::string_view body) {
  prepare(members, body);
  write_prepared(body);
  return last_id_;
}

ServeClient::Reply ServeClient::receive() {
  read_frame();
  return check_frame();
}

ServeClient::Reply ServeClient::exchange(std::string_view members, std::string_view body) {
  prepare(members, body);
  const Nanos begun = now();
  write_prepared(body);
  read_frame();
  took_ = now() - begun;
  return check_frame();
}

void ServeClient::prepare(std::string_view members, std::string_view body) {
  const std::string header = "{\"id\":" + std::to_string(++last_id_) + ',' + std::string(members) + '}';
  head_ = frame_head(header, body.size());
  const std::array<char, kFrameTrailerBytes> crc = frame_trailer(crc32c(0, body));
  trailer_.assign(crc.data(), body.empty() ? 0 : crc.size());
}

void ServeClient::write_prepared(std::string_view body) {
  std::string_view parts[] = {head_, body, trailer_};
  while (!parts[0].empty() || !parts[1].empty() || !parts[2].empty()) {
    std::array<iovec, 3> iov = {};
    for (std::size_t i = 0; i < iov.size(); ++i) iov[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
    const ssize_t wrote = ::writev(process_.in.get(), iov.data(), static_cast<int>(iov.size()));
    if (wrote < 0) give_up_errno("write to the supervisor");
    auto left = static_cast<std::size_t>(wrote);
    for (std::string_view& part : parts) {
      const std::size_t of_this = std::min(left, part.size());
      part.remove_prefix(of_this);
      left -= of_this;
    }
  }
}

/// Until buffer_ begins with a whole frame, frame_ bytes long.
void ServeClient::read_frame() {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(frame_), buffer_.begin() + static_cast<std::ptrdiff_t>(have_),
            buffer_.begin());
  have_ -= frame_;
  frame_ = 0;
  for (std::size_t needs = kFramePrefixBytes;;) {
    if (have_ >= kFramePrefixBytes) {
      const Result<FramePrefix> prefix = parse_frame_prefix(prefix_at(buffer_.data()));
      if (!prefix) give_up(prefix.error().message());
      needs = kFramePrefixBytes + prefix->header_bytes +
              (prefix->body_bytes == 0 ? 0 : prefix->body_bytes + kFrameTrailerBytes);
      if (buffer_.size() < needs) buffer_.resize(needs);
      if (have_ >= needs) {
        frame_ = needs;
        return;
      }
    }
    const ssize_t got = ::read(process_.out.get(), buffer_.data() + have_, buffer_.size() - have_);
    if (got < 0) give_up_errno("read from the supervisor");
    if (got == 0) give_up("the supervisor is gone");
    have_ += static_cast<std::size_t>(got);
  }
}

ServeClient::Reply ServeClient::check_frame() {
  const FramePrefix prefix = *parse_frame_prefix(prefix_at(buffer_.data()));
  const char* header = buffer_.data() + kFramePrefixBytes;
  const Reply reply = {{header, prefix.header_bytes}, {header + prefix.header_bytes, prefix.body_bytes}};
  const Result<void> sound = check_frame_header(prefix, reply.header);
  if (!sound) give_up(sound.error().message());
  if (!reply.body.empty()) {
    const std::array<char, kFrameTrailerBytes> crc = frame_trailer(crc32c(0, reply.body));
    if (std::memcmp(reply.body.data() + reply.body.size(), crc.data(), crc.size()) != 0) give_up("a damaged body");
  }
  return reply;
}

void ServeClient::open(const std::string& box, const std::vector<BoxFile>& files, std::string_view more) {
  std::string list, body;
  for (const BoxFile& file : files) {
    std::string bytes = read_file(file.path);
    if (bytes.empty()) give_up("cannot read " + file.path);
    list += (list.empty() ? "" : ",") + std::string("{\"name\":\"") + file.name +
            "\",\"mode\":\"0755\",\"bytes\":" + std::to_string(bytes.size()) + '}';
    body = body.empty() ? std::move(bytes) : body + bytes;
  }
  send("\"op\":\"open\",\"box\":\"" + box + "\",\"files\":[" + list + ']' + std::string(more), body);
  const Reply reply = receive();
  if (reply.header.find("\"opened\"") == std::string_view::npos) give_up("open: " + std::string(reply.header));
}

void ServeClient::close(const std::string& box) {
  send("\"op\":\"close\",\"box\":\"" + box + '"');
  const Reply reply = receive();
  if (reply.header.find("\"closed\"") == std::string_view::npos) give_up("close: " + std::string(reply.header));
}

void ServeClient::settle() {
  // Its one thread answers this after whatever it was at. That no such run is there is what we want to hear.
  send("\"op\":\"cancel\",\"run\":" + std::to_string(last_id_ + 1000));
  const Reply reply = receive();
  if (reply.header.find("\"error\"") == std::string_view::npos) give_up("settle: " + std::string(reply.header));
}

std::string run_request(const std::string& box, const Words& argv, std::size_t stdin_bytes, const std::string& more) {
  std::string words;
  for (const std::string& word : argv) words += (words.empty() ? "\"" : ",\"") + word + '"';
  std::string request = "\"op\":\"run\",\"box\":\"" + box + "\",\"spec\":{\"argv\":[" + words + ']' + more + '}';
  if (stdin_bytes > 0) request += ",\"stdin\":{\"bytes\":" + std::to_string(stdin_bytes) + '}';
  return request;
}

}  // namespace bailiff::bench
