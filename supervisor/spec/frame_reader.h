#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "spec/frame.h"

namespace bailiff {

/// Takes a stream of frames apart, in whatever pieces its bytes come. It keeps prefix and header until they are whole,
/// of a body nothing: where that goes is the caller's business. What is announced is not reserved.
class FrameReader {
 public:
  enum class Event {
    kUsedUp,  // nothing more can be said of these bytes: they have all been taken
    kHeader,  // take_header() has it, its checksum fits; body_bytes() will follow
    kBody,    // body_part() is the next of it, and lies in the bytes given
    kEnd,     // of the frame: the body fits its checksum, too
  };

  /// Takes from the front of `bytes` as much as the next event needs. To be called until it says kUsedUp, even when
  /// `bytes` have become empty: the end of a frame without a body needs none.
  /// Errors: kRequest, key "frame": not a frame (frame.h). Nothing can be read after that.
  Result<Event> next(std::string_view& bytes);

  [[nodiscard]] std::string take_header() { return std::exchange(collected_, {}); }
  [[nodiscard]] std::uint64_t body_bytes() const { return prefix_.body_bytes; }
  [[nodiscard]] std::uint64_t body_left() const { return body_left_; }
  [[nodiscard]] std::string_view body_part() const { return body_part_; }
  /// Some of a frame has come, and its end has not.
  [[nodiscard]] bool within() const { return state_ != State::kPrefix || !collected_.empty(); }

 private:
  enum class State { kPrefix, kHeader, kBody, kTrailer, kEnd };

  /// Moves bytes into collected_ until it has `size` of them.
  bool collect(std::string_view& bytes, std::size_t size);

  State state_ = State::kPrefix;
  std::string collected_;  // of a prefix, a header or a trailer
  FramePrefix prefix_ = {};
  std::string_view body_part_;
  std::uint64_t body_left_ = 0;
  std::uint32_t body_crc_ = 0;
};

}  // namespace bailiff
