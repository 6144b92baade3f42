#include "spec/frame.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/frame_client.h"

namespace bailiff {

std::uint32_t crc32c_by_table(std::uint32_t crc, std::span<const std::byte> bytes);  // frame.cc

namespace {

using namespace std::string_literals;
using test::Frame;
using test::FrameClient;

// The checksum

std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Bit by bit, straight from the definition.
std::uint32_t crc32c_by_definition(std::string_view text) {
  std::uint32_t state = 0xFFFFFFFF;
  for (const char c : text) {
    state ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) state = (state >> 1U) ^ ((state & 1U) != 0 ? 0x82F63B78U : 0);
  }
  return ~state;
}

std::string noise(std::size_t bytes) {
  std::string text;
  std::uint32_t value = 1;
  while (text.size() < bytes) {
    value = value * 1664525 + 1013904223;
    text += static_cast<char>(value >> 24U);
  }
  return text;
}

TEST(Crc32c, HasTheValuesOfItsStandard) {
  EXPECT_EQ(crc32c(0, ""), 0U);
  EXPECT_EQ(crc32c(0, "123456789"), 0xE3069283U);
  // RFC 3720, appendix B.4
  std::string rising, falling;
  for (int i = 0; i < 32; ++i) {
    rising += static_cast<char>(i);
    falling += static_cast<char>(31 - i);
  }
  EXPECT_EQ(crc32c(0, std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(0, std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(crc32c(0, rising), 0x46DD794EU);
  EXPECT_EQ(crc32c(0, falling), 0x113FDB5CU);
}

TEST(Crc32c, IsTheSameByInstructionByTableAndByDefinition) {
  const std::string text = noise(20000);
  for (const std::size_t length : std::vector<std::size_t>{0, 1, 2, 7, 8, 9, 15, 16, 63, 1024, 3071, 3072,
                                                           3073, 3080, 6143, 6144, 9217, 19990}) {
    for (std::size_t start = 0; start < 10; ++start) {
      const std::string_view part = std::string_view(text).substr(start, length);
      const std::uint32_t expected = crc32c_by_definition(part);
      ASSERT_EQ(crc32c(0, part), expected) << start << "+" << length;
      ASSERT_EQ(crc32c_by_table(0, as_bytes(part)), expected) << start << "+" << length;
    }
  }
}

TEST(Crc32c, GoesOnWhereItStopped) {
  const std::string text = noise(10000);
  const std::uint32_t whole = crc32c(0, text);
  for (std::size_t cut = 0; cut <= text.size(); cut += 613) {
    const std::string_view first = std::string_view(text).substr(0, cut),
                           rest = std::string_view(text).substr(cut);
    EXPECT_EQ(crc32c(crc32c(0, first), rest), whole) << cut;
    EXPECT_EQ(crc32c_by_table(crc32c_by_table(0, as_bytes(first)), as_bytes(rest)), whole) << cut;
  }
}

// Prefix, header, trailer

Result<FramePrefix> parse(std::string_view frame) {
  return parse_frame_prefix(as_bytes(frame).first<kFramePrefixBytes>());
}

/// A prefix as it might come, its checksum left out.
std::string prefix(std::string_view magic, std::uint32_t header_bytes, std::uint64_t body_bytes) {
  std::string text(magic);
  text.append(reinterpret_cast<const char*>(&header_bytes), sizeof header_bytes);
  text.append(reinterpret_cast<const char*>(&body_bytes), sizeof body_bytes);
  return text + "\0\0\0\0"s;
}

TEST(Frame, IsReadAsItIsWritten) {
  for (const auto& [header, body_bytes] : {std::pair{""s, std::uint64_t{0}},
                                           {"{}"s, 1},
                                           {noise(5000), kMaxFrameBody},
                                           {std::string(kMaxFrameHeader, ' '), 7}}) {
    const std::string head = frame_head(header, body_bytes);
    ASSERT_EQ(head.size(), kFramePrefixBytes + header.size());
    const Result<FramePrefix> read = parse(head);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->header_bytes, header.size());
    EXPECT_EQ(read->body_bytes, body_bytes);
    EXPECT_TRUE(check_frame_header(*read, head.substr(kFramePrefixBytes)));
  }
}

TEST(Frame, NoticesEveryFlippedBit) {
  const std::string frame = frame_head(R"({"op":"bye","id":5})", 3);
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::string bent = frame;
    bent[bit / 8] = static_cast<char>(bent[bit / 8] ^ (1 << bit % 8));
    const Result<FramePrefix> read = parse(bent);
    if (!read) continue;  // seen at once
    const Result<void> checked = check_frame_header(*read, bent.substr(kFramePrefixBytes));
    ASSERT_FALSE(checked) << bit;
    EXPECT_EQ(checked.error().key, "frame");
    EXPECT_EQ(checked.error().fault, Fault::kRequest);
  }
}

struct BadPrefix {
  const char* name;
  std::string bytes;
  std::string what;
};
class FrameRefuses : public testing::TestWithParam<BadPrefix> {};

TEST_P(FrameRefuses, AndSaysWhat) {
  const Result<FramePrefix> read = parse(GetParam().bytes);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, Fault::kRequest);
  EXPECT_EQ(read.error().key, "frame");
  EXPECT_EQ(read.error().what, GetParam().what);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, FrameRefuses,
    testing::Values(BadPrefix{"NextVersion", prefix("BLF2", 2, 0),
                              "is of protocol version 2; this is version 1"},
                    BadPrefix{"NoVersion", prefix("BLFx", 2, 0), "does not begin with BLF1"},
                    BadPrefix{"OtherLetters", prefix("BLG1", 2, 0), "does not begin with BLF1"},
                    BadPrefix{"Zeros", std::string(20, '\0'), "does not begin with BLF1"},
                    BadPrefix{"Json", R"({"op":"run","id":12})", "does not begin with BLF1"},
                    BadPrefix{"BigEndian", prefix("1FLB", 2, 0), "does not begin with BLF1"},
                    BadPrefix{"HeaderTooLong", prefix("BLF1", kMaxFrameHeader + 1, 0),
                              "has a header of 8388609 bytes; at most 8388608"},
                    BadPrefix{"HeaderOfAllBits", prefix("BLF1", UINT32_MAX, 0),
                              "has a header of 4294967295 bytes; at most 8388608"},
                    BadPrefix{"BodyTooLong", prefix("BLF1", 2, kMaxFrameBody + 1),
                              "has a body of 1073741825 bytes; at most 1073741824"},
                    BadPrefix{"BodyOfAllBits", prefix("BLF1", 2, UINT64_MAX),
                              "has a body of 18446744073709551615 bytes; at most 1073741824"}),
    [](const auto& row) { return row.param.name; });

TEST(Frame, TrailerIsTheChecksumLowestByteFirst) {
  const auto trailer = frame_trailer(0xE3069283);
  EXPECT_EQ(std::string(trailer.data(), trailer.size()), "\x83\x92\x06\xE3");
}

/// The bytes of docs/protocol.md's worked example: what stands in front of the two spaces and the text.
std::string documented_frame() {
  std::ifstream file(BAILIFF_DOCS "/protocol.md");
  std::string bytes;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```" && inside) break;
    if (line == "```hex") inside = true;
    if (!inside || line == "```hex") continue;
    std::istringstream words(line.substr(0, line.find("  ")));
    for (std::string word; words >> word;) bytes += static_cast<char>(std::stoi(word, nullptr, 16));
  }
  return bytes;
}

TEST(Frame, ExampleInTheDocumentIsAFrame) {
  const std::string_view header =
      R"({"op":"run","id":2,"box":"s1","spec":{"argv":["./a"]},"stdin":{"bytes":3}})";
  const auto trailer = frame_trailer(crc32c(0, "42\n"));
  EXPECT_EQ(documented_frame(), frame_head(header, 3) + "42\n" + std::string(trailer.data(), trailer.size()));
}

// The client that the tests of the session rely on. cat answers every frame with itself.

TEST(FrameClientTest, GetsBackWhatItSent) {
  FrameClient cat({"/bin/cat"});
  const std::string large = noise(100'000);
  for (const auto& [header, body] :
       {std::pair{"{}"s, ""s}, {"{\"a\":1}"s, "x"s}, {"{\"b\":[]}"s, large}, {""s, ""s}}) {
    ASSERT_TRUE(cat.send(header, body));
    const std::optional<Frame> frame = cat.receive();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->header, header);
    EXPECT_TRUE(frame->body == body);
  }
  EXPECT_EQ(cat.finish(), 0);
}

TEST(FrameClientTest, IsNotBlockedByAPeerThatSendsWhileItIsSentTo) {
  FrameClient cat({"/bin/cat"});
  const std::string body = noise(3'000'000);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(cat.send(std::to_string(i), body));
  cat.close_input();
  for (int i = 0; i < 10; ++i) {
    const std::optional<Frame> frame = cat.receive();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->header, std::to_string(i));
    EXPECT_TRUE(frame->body == body);
  }
  EXPECT_FALSE(cat.receive());
  EXPECT_EQ(cat.wait(), 0);
}

TEST(FrameClientTest, FindsTheReplyToAnId) {
  FrameClient cat({"/bin/cat"});
  const std::uint64_t first = cat.ask({{"op", "a"}}), second = cat.ask({{"op", "b"}}, "body");
  const Frame answer = cat.reply(second);
  EXPECT_EQ(answer.json()["op"], "b");
  EXPECT_EQ(answer.bytes({{"body", {1, 3}}}), "ody");
  EXPECT_EQ(cat.reply(first).json()["op"], "a");
}

TEST(FrameClientTest, SaysWhenTheStreamIsBroken) {
  const auto problem = [](const std::string& bytes) {
    FrameClient cat({"/bin/cat"});
    EXPECT_TRUE(cat.send_raw(bytes));
    cat.close_input();
    try {
      while (cat.receive()) continue;
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return ""s;
  };
  const std::string good = frame_head("{}", 0);
  EXPECT_EQ(problem(good), "");
  EXPECT_EQ(problem(good + "x"), "frame client: the stream ends inside a frame");
  EXPECT_EQ(problem(good.substr(0, good.size() - 1)), "frame client: the stream ends inside a frame");
  EXPECT_EQ(problem(frame_head("{}", 2) + "ab"), "frame client: the stream ends inside a frame");
  EXPECT_EQ(problem(frame_head("{}", 2) + "ab0000"), "frame client: a body with a wrong checksum");
  EXPECT_EQ(problem(good.substr(0, good.size() - 1) + "]"),
            "frame client: has a checksum that does not fit its prefix and header");
}

TEST(FrameClientTest, NoticesAPeerThatIsSilentOrGone) {
  FrameClient deaf({"/bin/sleep", "60"}, std::chrono::milliseconds(50));
  EXPECT_THROW(deaf.receive(), std::runtime_error);
  EXPECT_THROW(deaf.send("{}", noise(3'000'000)), std::runtime_error);
  FrameClient gone({"/bin/true"});
  EXPECT_FALSE(gone.receive());
  EXPECT_EQ(gone.wait(), 0);  // its end of our pipe may outlive its end of the other by a moment
  EXPECT_FALSE(gone.send("{}"));
  EXPECT_EQ(gone.ask({{"op", "bye"}}), 0U);
}

}  // namespace
}  // namespace bailiff
