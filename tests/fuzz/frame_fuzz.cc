// What a peer of `serve` may send, as far as spec/ takes it apart: a stream of frames and the request in
// each. Checksums are made to fit, or hardly any input would get past them; a few are left as they come.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "spec/frame_reader.h"
#include "spec/serve_message.h"

namespace {

using namespace bailiff;

/// A claim that does not hold is a finding.
void hold(bool claim) {
  if (!claim) std::abort();
}

/// Whatever a refusal says must reach the peer.
void check_refusal(std::uint64_t id, const Error& error) {
  hold(error.fault == Fault::kRequest);
  const auto message = nlohmann::json::parse(error_message(id, error));
  hold(message["error"]["kind"] == "request" && message["id"].is_null() == (id == 0));
  hold(message.dump().size() <= kMaxFrameHeader);
}

void check_request(const Request& request, std::uint64_t id, std::uint64_t body_bytes) {
  std::uint64_t accounted = 0;
  std::visit([&](const auto& any) { hold(any.id == id && id >= 1 && id <= std::uint64_t{1} << 53); },
             request);
  if (const auto* open = std::get_if<OpenRequest>(&request)) {
    hold(!open->box.empty() && open->box.size() <= 64);
    for (const FileSlice& file : open->files) {
      hold(is_utf8(file.name) && !file.name.empty() && file.name.front() != '/' && file.mode <= 0777);
      hold(file.path.empty() || (file.bytes == 0 && file.path.front() != '/'));
      accounted += file.bytes;
    }
  }
  if (const auto* run = std::get_if<RunRequest>(&request)) {
    hold(run->spec.files.empty() && run->spec.stdin_content == Content{} && !run->spec.argv.empty());
    hold(!run->spec.given.contains("disk_bytes") && !run->spec.given.contains("disk_inodes"));
    accounted = run->stdin_bytes;
    RunResult result;
    for (const std::string& name : run->spec.collect) result.files[name] = {};
    const std::string reply = result_message(id, result);
    hold(nlohmann::json::accept(reply) && reply.size() <= kMaxFrameHeader);
  }
  hold(accounted == body_bytes);
}

void take_header(std::string_view header, std::uint64_t body_bytes) {
  std::uint64_t id = 0;
  const Result<Request> request = parse_request(header, body_bytes, &id);
  if (request) return check_request(*request, id, body_bytes);
  check_refusal(id, request.error());
}

/// Reads a stream that is sound, in pieces of `piece` bytes, and puts it together again.
void read_again(const std::string& sound, std::size_t piece) {
  FrameReader reader;
  std::string again, header, body;
  for (std::size_t at = 0; at < sound.size(); at += piece) {
    std::string_view bytes = std::string_view(sound).substr(at, piece);
    for (bool used_up = false; !used_up;) {
      const Result<FrameReader::Event> event = reader.next(bytes);
      hold(event.has_value());
      if (*event == FrameReader::Event::kHeader) header = reader.take_header();
      if (*event == FrameReader::Event::kBody) body += reader.body_part();
      if (*event == FrameReader::Event::kEnd) {
        hold(body.size() == reader.body_bytes() && reader.body_left() == 0);
        again += frame_head(header, body.size()) + body;
        if (const auto trailer = frame_trailer(crc32c(0, body)); !body.empty()) again.append(trailer.data(), trailer.size());
        body.clear();
      }
      used_up = *event == FrameReader::Event::kUsedUp;
    }
    hold(bytes.empty());
  }
  hold(again == sound && !reader.within());
}

/// Reads a stream as it came, up to what is no frame.
void read_raw(std::string_view bytes) {
  FrameReader reader;
  for (;;) {
    const Result<FrameReader::Event> event = reader.next(bytes);
    if (!event) return check_refusal(0, event.error());
    if (*event == FrameReader::Event::kUsedUp) return;
  }
}

/// The stream with its checksums put right; its bodies are skipped, and the lengths of frames bounded by what is there.
void take_stream(std::span<const std::byte> bytes) {
  std::string sound;
  while (bytes.size() >= kFramePrefixBytes) {
    const Result<FramePrefix> prefix = parse_frame_prefix(bytes.first<kFramePrefixBytes>());
    if (!prefix) return check_refusal(0, prefix.error());
    hold(prefix->header_bytes <= kMaxFrameHeader && prefix->body_bytes <= kMaxFrameBody);
    bytes = bytes.subspan(kFramePrefixBytes);
    const auto part = bytes.first(std::min<std::size_t>(prefix->header_bytes, bytes.size()));
    const std::string_view header(reinterpret_cast<const char*>(part.data()), part.size());
    bytes = bytes.subspan(part.size());

    const Result<void> checked = check_frame_header(*prefix, header);
    if (!checked) check_refusal(0, checked.error());  // and on: see the head of this file
    take_header(header, prefix->body_bytes);

    const std::string head = frame_head(header, prefix->body_bytes);
    std::array<std::byte, kFramePrefixBytes> again;
    std::memcpy(again.data(), head.data(), again.size());
    const Result<FramePrefix> reread = parse_frame_prefix(again);
    hold(reread && reread->body_bytes == prefix->body_bytes && check_frame_header(*reread, header));

    const auto body = bytes.first(std::min<std::size_t>(prefix->body_bytes, bytes.size()));
    const std::string text(reinterpret_cast<const char*>(body.data()), body.size());
    sound += frame_head(header, text.size()) + text;
    if (const auto trailer = frame_trailer(crc32c(0, text)); !text.empty()) sound.append(trailer.data(), trailer.size());
    bytes = bytes.subspan(body.size());
    bytes =
        bytes.subspan(std::min<std::size_t>(prefix->body_bytes == 0 ? 0 : kFrameTrailerBytes, bytes.size()));
  }
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, sound.size() + 1}) read_again(sound, piece);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with("BLF")) {
    read_raw(text);
    take_stream(std::as_bytes(std::span(data, size)));
  } else if (size >= 2) {
    // A header alone, after the length of its body.
    take_header(text.substr(2), std::uint64_t{data[0]} << 8U | data[1]);
  }
  return 0;
}
