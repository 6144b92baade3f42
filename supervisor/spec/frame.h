#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bailiff {

/// The envelope of everything that crosses `bailiff-supervisor serve`'s standard input and output
/// (docs/protocol.md). Little-endian:
///
///   u32 magic "BLF1" | u32 header bytes | u64 body bytes | u32 crc32c of the 16 bytes before and of the header
///   header: JSON, UTF-8
///   body: raw bytes, then u32 crc32c of them; absent when the body is empty
///
/// The digit of the magic is the protocol version.
inline constexpr std::uint32_t kFrameMagic = 0x31464c42;  // "BLF1" in memory
inline constexpr std::size_t kFramePrefixBytes = 20;
inline constexpr std::size_t kFrameTrailerBytes = 4;
inline constexpr std::uint32_t kMaxFrameHeader = 8U << 20;   // argv and env may take 6 MiB
inline constexpr std::uint64_t kMaxFrameBody = 1ULL << 30;

struct FramePrefix {
  std::uint32_t header_bytes = 0;
  std::uint64_t body_bytes = 0;
  std::uint32_t crc = 0;
};

/// CRC-32C (Castagnoli), continued from `crc`; 0 to begin. Uses the SSE4.2 instruction where there is one.
std::uint32_t crc32c(std::uint32_t crc, std::span<const std::byte> bytes);
inline std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes) {
  return crc32c(crc, std::as_bytes(std::span(bytes.data(), bytes.size())));
}

/// Errors (kRequest, key "frame"): wrong magic (another version is named as such), header or body above its maximum.
Result<FramePrefix> parse_frame_prefix(std::span<const std::byte, kFramePrefixBytes> bytes);
/// Errors (kRequest, key "frame"): the checksum does not fit prefix and header.
Result<void> check_frame_header(const FramePrefix& prefix, std::string_view header);

/// Prefix and header of a frame, ready to send; the body and frame_trailer(crc of the body) follow if it has one.
std::string frame_head(std::string_view header, std::uint64_t body_bytes);
std::array<char, kFrameTrailerBytes> frame_trailer(std::uint32_t body_crc);

}  // namespace bailiff
