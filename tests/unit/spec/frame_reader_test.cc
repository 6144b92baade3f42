#include "spec/frame_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bailiff {
namespace {

std::string frame(const std::string& header, const std::string& body) {
  std::string bytes = frame_head(header, body.size()) + body;
  if (const auto trailer = frame_trailer(crc32c(0, body)); !body.empty()) bytes.append(trailer.data(), trailer.size());
  return bytes;
}

struct Read {
  std::vector<std::string> frames = {};  // "header|body"
  std::string error = {};
  bool within = false;
};

/// `takes`: whether headers are taken.
Read read(const std::string& stream, std::size_t piece, bool takes = true) {
  FrameReader reader;
  Read read;
  std::string header, body;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    std::string_view bytes = std::string_view(stream).substr(at, piece);
    for (auto event = FrameReader::Event::kHeader; event != FrameReader::Event::kUsedUp;) {
      const auto next = reader.next(bytes);
      if (!next) {
        read.error = next.error().what;
        return read;
      }
      event = *next;
      if (event == FrameReader::Event::kHeader && takes) header = reader.take_header();
      if (event == FrameReader::Event::kBody) body += reader.body_part();
      if (event == FrameReader::Event::kEnd) read.frames.push_back(header + "|" + std::exchange(body, {}));
    }
    EXPECT_TRUE(bytes.empty()) << "at " << at;
  }
  read.within = reader.within();
  return read;
}

const std::string kStream = frame("{}", "") + frame("", "ab") + frame(R"({"a":1})", std::string(3000, 'x')) + frame("", "");
const std::vector<std::string> kFrames = {"{}|", "|ab", R"({"a":1}|)" + std::string(3000, 'x'), "|"};

TEST(FrameReader, ReadsFramesInPiecesOfAnySize) {
  for (const std::size_t piece : {1U, 2U, 3U, 19U, 20U, 21U, 24U, 4095U, 100000U}) {
    const Read whole = read(kStream, piece);
    EXPECT_EQ(whole.error, "") << piece;
    EXPECT_EQ(whole.frames, kFrames) << piece;
    EXPECT_FALSE(whole.within) << piece;
  }
}

TEST(FrameReader, KnowsWhetherAFrameIsUnfinished) {
  const std::string one = frame("{}", "ab");
  for (std::size_t cut = 0; cut <= one.size(); ++cut) {
    EXPECT_EQ(read(one.substr(0, cut), 7).within, cut != 0 && cut != one.size()) << cut;
  }
}

TEST(FrameReader, AHeaderThatNobodyTakesIsInNobodysWay) {
  for (const std::size_t piece : {1U, 100000U}) {
    EXPECT_EQ(read(kStream, piece, /*takes=*/false).frames,
              (std::vector<std::string>{"|", "|ab", "|" + std::string(3000, 'x'), "|"}));
  }
}

TEST(FrameReader, EveryFlippedBitIsFound) {
  const std::string one = frame("{}", "ab");
  for (std::size_t bit = 0; bit < 8 * one.size(); ++bit) {
    std::string wrong = one;
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << (bit % 8)));
    const Read got = read(wrong, 5);
    EXPECT_TRUE(got.frames.empty()) << bit;
    EXPECT_TRUE(!got.error.empty() || got.within) << bit;  // a longer header or body is waited for
  }
}

}  // namespace
}  // namespace bailiff
