#include "spec/frame_reader.h"

#include <algorithm>
#include <span>

namespace bailiff {

Result<FrameReader::Event> FrameReader::next(std::string_view& bytes) {
  switch (state_) {
    case State::kPrefix:
      if (!collect(bytes, kFramePrefixBytes)) break;
      prefix_ = TRY(parse_frame_prefix(std::as_bytes(std::span(collected_)).first<kFramePrefixBytes>()));
      collected_.clear();
      state_ = State::kHeader;
      [[fallthrough]];
    case State::kHeader:
      if (!collect(bytes, prefix_.header_bytes)) break;
      TRY(check_frame_header(prefix_, collected_));
      body_left_ = prefix_.body_bytes;
      body_crc_ = 0;
      state_ = body_left_ > 0 ? State::kBody : State::kEnd;
      return Event::kHeader;
    case State::kBody:
      collected_.clear();  // a header that nobody took
      if (bytes.empty()) break;
      body_part_ = bytes.substr(0, body_left_);
      bytes.remove_prefix(body_part_.size());
      body_crc_ = crc32c(body_crc_, body_part_);
      body_left_ -= body_part_.size();
      if (body_left_ == 0) state_ = State::kTrailer;
      return Event::kBody;
    case State::kTrailer:
      if (!collect(bytes, kFrameTrailerBytes)) break;
      if (collected_ != std::string_view(frame_trailer(body_crc_).data(), kFrameTrailerBytes)) {
        return request_error("frame", "the checksum does not fit the body");
      }
      [[fallthrough]];
    case State::kEnd:
      collected_.clear();
      state_ = State::kPrefix;
      return Event::kEnd;
  }
  return Event::kUsedUp;
}

bool FrameReader::collect(std::string_view& bytes, std::size_t size) {
  const std::size_t more = std::min(size - collected_.size(), bytes.size());
  collected_ += bytes.substr(0, more);
  bytes.remove_prefix(more);
  return collected_.size() == size;
}

}  // namespace bailiff
