#include "spec/frame.h"

#include <bit>
#include <cstring>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#include <wmmintrin.h>
#endif

namespace bailiff {

static_assert(std::endian::native == std::endian::little, "fields are copied to and from frames as they are");

namespace {

template <typename T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <typename T>
void append(std::string& text, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  text.append(bytes, sizeof bytes);
}

// CRC-32C (RFC 3720, appendix B.4): the polynomial 0x11EDC6F41, each byte's lowest bit first. A register
// holds the coefficient of x^31 in its lowest bit, so that multiplying by x is a shift to the right.

constexpr std::uint32_t kPolynomial = 0x82F63B78;

constexpr std::uint32_t times_x(std::uint32_t value) {
  return (value >> 1U) ^ ((value & 1U) != 0 ? kPolynomial : 0);
}

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

/// Row k, column b: what byte b does to the register when k more bytes have gone by.
constexpr Tables make_tables() {
  Tables tables = {};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (std::array<std::uint32_t, 256>& row : tables) {
      for (int bit = 0; bit < 8; ++bit) value = times_x(value);
      row[byte] = value;
    }
  }
  return tables;
}
constexpr Tables kTables = make_tables();

}  // namespace

/// For processors without the instruction. Not in the header: nobody calls it but crc32c and its test.
std::uint32_t crc32c_by_table(std::uint32_t crc, std::span<const std::byte> bytes) {
  std::uint32_t state = ~crc;
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    const std::uint64_t word = load<std::uint64_t>(at) ^ state;
    state = 0;
    for (unsigned i = 0; i < 8; ++i) state ^= kTables[7 - i][(word >> (8 * i)) & 0xFFU];
  }
  for (; left > 0; ++at, --left) {
    state = (state >> 8U) ^ kTables[0][(state ^ std::to_integer<std::uint32_t>(*at)) & 0xFFU];
  }
  return ~state;
}

#if defined(__x86_64__)
namespace {

/// x^n modulo the polynomial.
constexpr std::uint32_t power_of_x(std::size_t n) {
  std::uint32_t value = 0x80000000;  // 1
  for (; n > 0; --n) value = times_x(value);
  return value;
}

/// The instruction takes a step each cycle, but its result three cycles later: three lanes keep it busy.
constexpr std::size_t kLane = 1024;

/// The register after kBytes more bytes of zero. The product of two registers holds x times the product of
/// what they stand for, and the instruction multiplies by x^32 and reduces: the factor is short of x^(8 *
/// kBytes) by 33.
template <std::size_t kBytes>
__attribute__((target("sse4.2,pclmul"))) std::uint64_t skip(std::uint64_t state) {
  constexpr std::uint32_t kFactor = power_of_x(8 * kBytes - 33);
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(state)),
                                               _mm_cvtsi32_si128(static_cast<int>(kFactor)), 0);
  return _mm_crc32_u64(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(product)));
}

__attribute__((target("sse4.2,pclmul"))) std::uint32_t crc32c_by_instruction(
    std::uint32_t crc, std::span<const std::byte> bytes) {
  std::uint64_t state = static_cast<std::uint32_t>(~crc);
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 3 * kLane; at += 3 * kLane, left -= 3 * kLane) {
    std::uint64_t second = 0, third = 0;
    for (std::size_t i = 0; i < kLane; i += 8) {
      state = _mm_crc32_u64(state, load<std::uint64_t>(at + i));
      second = _mm_crc32_u64(second, load<std::uint64_t>(at + kLane + i));
      third = _mm_crc32_u64(third, load<std::uint64_t>(at + 2 * kLane + i));
    }
    state = skip<2 * kLane>(state) ^ skip<kLane>(second) ^ third;
  }
  for (; left >= 8; at += 8, left -= 8) state = _mm_crc32_u64(state, load<std::uint64_t>(at));
  auto narrow = static_cast<std::uint32_t>(state);
  for (; left > 0; ++at, --left) narrow = _mm_crc32_u8(narrow, std::to_integer<unsigned char>(*at));
  return ~narrow;
}

}  // namespace
#endif

#if defined(__x86_64__)
namespace {

/// __builtin_cpu_supports asks for all there is, and at the start of every process: some 40 µs where a hypervisor answers.
bool has_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_2) != 0 && (c & bit_PCLMUL) != 0;
}

}  // namespace
#endif

std::uint32_t crc32c(std::uint32_t crc, std::span<const std::byte> bytes) {
#if defined(__x86_64__)
  static const bool by_instruction = has_instructions();
  if (by_instruction) return crc32c_by_instruction(crc, bytes);
#endif
  return crc32c_by_table(crc, bytes);
}

namespace {

Error bad_frame(std::string what) { return request_error("frame", std::move(what)); }

constexpr std::uint32_t kMagicLetters = 0x00FFFFFF;

/// What is wrong with a magic that is not ours.
Error bad_magic(std::uint32_t magic) {
  const char digit = static_cast<char>(magic >> 24U);
  if ((magic & kMagicLetters) == (kFrameMagic & kMagicLetters) && digit >= '0' && digit <= '9') {
    return bad_frame(std::string("is of protocol version ") + digit + "; this is version 1");
  }
  return bad_frame("does not begin with BLF1");
}

/// The sixteen bytes that the checksum covers before the header.
std::string checked_prefix(std::uint32_t header_bytes, std::uint64_t body_bytes) {
  std::string prefix;
  append(prefix, kFrameMagic);
  append(prefix, header_bytes);
  append(prefix, body_bytes);
  return prefix;
}

}  // namespace

Result<FramePrefix> parse_frame_prefix(std::span<const std::byte, kFramePrefixBytes> bytes) {
  const auto magic = load<std::uint32_t>(bytes.data());
  if (magic != kFrameMagic) return bad_magic(magic);
  const FramePrefix prefix = {.header_bytes = load<std::uint32_t>(bytes.data() + 4),
                              .body_bytes = load<std::uint64_t>(bytes.data() + 8),
                              .crc = load<std::uint32_t>(bytes.data() + 16)};
  if (prefix.header_bytes > kMaxFrameHeader) {
    return bad_frame("has a header of " + std::to_string(prefix.header_bytes) + " bytes; at most " +
                     std::to_string(kMaxFrameHeader));
  }
  if (prefix.body_bytes > kMaxFrameBody) {
    return bad_frame("has a body of " + std::to_string(prefix.body_bytes) + " bytes; at most " +
                     std::to_string(kMaxFrameBody));
  }
  return prefix;
}

Result<void> check_frame_header(const FramePrefix& prefix, std::string_view header) {
  const std::uint32_t crc = crc32c(0, checked_prefix(prefix.header_bytes, prefix.body_bytes));
  if (crc32c(crc, header) != prefix.crc)
    return bad_frame("has a checksum that does not fit its prefix and header");
  return {};
}

std::string frame_head(std::string_view header, std::uint64_t body_bytes) {
  std::string head = checked_prefix(static_cast<std::uint32_t>(header.size()), body_bytes);
  head.reserve(kFramePrefixBytes + header.size());
  append(head, crc32c(crc32c(0, head), header));
  return head.append(header);
}

std::array<char, kFrameTrailerBytes> frame_trailer(std::uint32_t body_crc) {
  return std::bit_cast<std::array<char, kFrameTrailerBytes>>(body_crc);
}

}  // namespace bailiff
