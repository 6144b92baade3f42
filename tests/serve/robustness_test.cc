// Peers that send nonsense, programs that pretend to be the server, and a server that is killed: each has a clear end
// after which nothing is left.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "spec/frame.h"
#include "tests/serve/peer.h"
#include "tests/support/supervisor.h"

namespace bailiff::test {
namespace {

using nlohmann::json;

std::string frame_of(std::string_view header, std::string_view body = {}) {
  std::string frame = frame_head(header, body.size());
  if (body.empty()) return frame;
  const auto trailer = frame_trailer(crc32c(0, body));
  return frame.append(body).append(trailer.data(), trailer.size());
}
std::string frame_of(const json& header, std::string_view body = {}) {
  return frame_of(std::string_view(header.dump()), body);
}

std::string open_frame(int id, const std::string& box, std::string_view body = "content") {
  return frame_of(
      json{{"op", "open"}, {"id", id}, {"box", box}, {"files", {{{"name", "f"}, {"bytes", body.size()}}}}}, body);
}
std::string run_frame(int id, const std::string& box, const json& argv, std::string_view input = {}) {
  json request = {{"op", "run"}, {"id", id}, {"box", box}, {"spec", {{"argv", argv}}}};
  if (!input.empty()) request["stdin"] = {{"bytes", input.size()}};
  return frame_of(request, input);
}
/// A frame whose prefix says `header_bytes` and `body_bytes`, with a fitting checksum and nothing behind it.
std::string prefix_of(std::uint32_t header_bytes, std::uint64_t body_bytes) {
  std::string prefix = "BLF1";
  prefix.append(reinterpret_cast<const char*>(&header_bytes), 4);
  prefix.append(reinterpret_cast<const char*>(&body_bytes), 8);
  const std::uint32_t crc = crc32c(0, prefix);
  return prefix.append(reinterpret_cast<const char*>(&crc), 4);
}
std::string with_flipped(std::string bytes, std::size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  return bytes;
}

const json kSleep = {"/bin/sleep", "20"};

/// The last frame there is.
json last_of(Peer& peer) {
  json last;
  while (const auto frame = peer.frames().receive()) last = frame->json();
  return last;
}

// Broken frames

struct Broken {
  const char* name;
  std::string bytes;
  const char* says;
  bool cut = false;  // then the input ends
};

class BrokenTest : public testing::TestWithParam<Broken> {};

TEST_P(BrokenTest, GetsOneErrorThatSaysWhat) {
  for (const bool busy : {false, true}) {
    Peer peer;
    if (busy) {
      peer.open("a");
      peer.open("b");
      (void)peer.ask_run("a", {{"argv", kSleep}});
      (void)peer.ask_run("a", {{"argv", kSleep}});
    }
    (void)peer.frames().send_raw(GetParam().bytes);
    if (GetParam().cut) peer.frames().close_input();
    const json last = last_of(peer);
    EXPECT_TRUE(last["id"].is_null()) << last;
    EXPECT_EQ(last["error"]["kind"], "request") << last;
    EXPECT_EQ(last["error"]["key"], "frame") << last;
    EXPECT_NE(last["error"]["message"].get<std::string>().find(GetParam().says), std::string::npos) << last;
    EXPECT_EQ(peer.frames().wait(), 2);
    EXPECT_EQ(left_after(peer.pid()), json::object());
  }
}

const std::string kBye = frame_of(std::string_view(R"({"op":"bye","id":9})"));
const std::string kStdin = run_frame(8, "none", {"/bin/cat"}, "input");

INSTANTIATE_TEST_SUITE_P(
    Robustness, BrokenTest,
    testing::Values(
        Broken{"text", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "does not begin with BLF1"},
        Broken{"zeros", std::string(1000, '\0'), "does not begin with BLF1"},
        Broken{"json", R"({"op":"open","id":1,"box":"a"})", "does not begin with BLF1"},
        Broken{"next_version", "BLF2" + kBye.substr(4), "version 2"},
        Broken{"one_bit_of_magic", with_flipped(kBye, 0), "BLF1"},
        Broken{"one_bit_of_length", with_flipped(kBye, 4), "checksum", true},
        Broken{"one_bit_of_checksum", with_flipped(kBye, 16), "checksum"},
        Broken{"one_bit_of_header", with_flipped(kBye, kBye.size() - 2), "checksum"},
        Broken{"one_bit_of_body", with_flipped(kStdin, kStdin.size() - 5), "does not fit the body"},
        Broken{"one_bit_of_trailer", with_flipped(kStdin, kStdin.size() - 1), "does not fit the body"},
        Broken{"header_too_large", prefix_of(kMaxFrameHeader + 1, 0), "header of 8388609 bytes"},
        Broken{"header_of_all_bits", prefix_of(0xffffffff, 0), "header of 4294967295 bytes"},
        Broken{"body_too_large", prefix_of(10, kMaxFrameBody + 1), "body of 1073741825 bytes"},
        Broken{"body_of_all_bits", prefix_of(10, ~0ULL), "bytes"},
        Broken{"garbage_after_a_frame", run_frame(8, "none", {"/bin/cat"}) + "garbage garbage garbage", "BLF1"},
        Broken{"body_not_announced", run_frame(8, "none", {"/bin/cat"}) + "input input input input",
               "BLF1"},
        Broken{"cut_in_prefix", kBye.substr(0, 10), "ends within a frame", true},
        Broken{"cut_in_header", kBye.substr(0, 30), "ends within a frame", true},
        Broken{"cut_in_body", kStdin.substr(0, kStdin.size() - 6), "ends within a frame", true},
        Broken{"cut_in_trailer", kStdin.substr(0, kStdin.size() - 1), "ends within a frame", true}),
    [](const auto& broken) { return std::string(broken.param.name); });

TEST(RobustnessTest, TheErrorComesEvenBehindRepliesNobodyHasReadYet) {
  Peer peer({"--parallel", "1"});
  const std::string large = noise(3'000'000);
  peer.open("a");
  const std::uint64_t run = peer.ask_run("a", {{"argv", {"/bin/cat"}}}, large);
  // Longer than the run takes: its reply is then on its way into a pipe nobody reads. Too short, and this shows less.
  ::usleep(300'000);
  (void)peer.frames().send_raw("garbage garbage garbage garbage");
  EXPECT_EQ(peer.result(run).out, large);
  const json last = last_of(peer);
  EXPECT_EQ(last["error"]["key"], "frame") << last;
  EXPECT_EQ(peer.frames().wait(), 2);
  EXPECT_EQ(left_after(peer.pid()), json::object());
}

TEST(RobustnessTest, AnInputCutAnywhereEndsClearly) {
  const std::string whole = open_frame(1, "a") + run_frame(2, "a", {"/bin/cat"}, "42\n");
  const std::size_t first = open_frame(1, "a").size();
  for (std::size_t cut = 0; cut <= whole.size(); cut += cut < first + 30 ? 3 : 1) {
    SCOPED_TRACE(cut);
    Peer peer;
    ASSERT_TRUE(peer.frames().send_raw(std::string_view(whole).substr(0, cut)));
    peer.frames().close_input();
    const json last = last_of(peer);
    const bool between = cut == 0 || cut == first || cut == whole.size();
    EXPECT_EQ(peer.frames().wait(), between ? 0 : 2);
    if (!between) {
      EXPECT_EQ(last["error"]["key"], "frame") << last;
    }
  }
  EXPECT_EQ(left_after(::getpid()), json::object());
}

TEST(RobustnessTest, ByteByByteIsAsGoodAsAtOnce) {
  Peer peer;
  const std::string whole = open_frame(1, "a") + run_frame(2, "a", {"/bin/cat", "f", "-"}, "42\n");
  for (const char byte : whole) {
    ASSERT_TRUE(peer.frames().send_raw({&byte, 1}));
    ::usleep(200);
  }
  EXPECT_EQ(peer.result(2).out, "content42\n");
}

TEST(RobustnessTest, FramesOutOfOrderAndTwiceAreAnsweredEach) {
  Peer peer;
  const std::string run = run_frame(2, "a", {"/bin/cat"}, "42\n"), open = open_frame(1, "a");
  const std::string close = frame_of(std::string_view(R"({"op":"close","id":3,"box":"a"})"));
  ASSERT_TRUE(peer.frames().send_raw(run + close + open + open + run + run + close + close + run));
  std::vector<std::string> keys;
  for (int i = 0; i < 9; ++i) {
    const auto frame = peer.frames().receive();
    ASSERT_TRUE(frame);
    for (const char* what : {"opened", "result", "closed", "error"}) {
      if (frame->json().contains(what)) keys.push_back(std::to_string(frame->json()["id"].get<int>()) + what);
    }
  }
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(keys, (std::vector<std::string>{"1error", "1opened", "2error", "2error", "2result", "2result", "3closed",
                                            "3error", "3error"}));
  EXPECT_EQ(peer.bye(), 0);
  EXPECT_EQ(left_after(peer.pid()), json::object());
}

/// Bits flipped, parts cut out, doubled and swapped in a good conversation: a frame that still fits is a request, any
/// other the end. The process ends by itself as soon as its input does.
TEST(RobustnessTest, WhateverComesTheServerEndsByItself) {
  const std::string good = open_frame(1, "a") + run_frame(2, "a", {"/bin/cat", "f"}, "42\n") +
                           run_frame(3, "a", {"/bin/true"}) + frame_of(std::string_view(R"({"op":"cancel","id":4,"run":3})")) +
                           open_frame(5, "b", noise(5000)) + frame_of(std::string_view(R"({"op":"close","id":6,"box":"a"})")) + kBye;
  std::mt19937 random(20260101);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE(round);
    std::string bytes = good;
    for (std::size_t change = 0; change <= below(3); ++change) {
      const std::size_t at = below(bytes.size()), size = std::min(below(200) + 1, bytes.size() - at);
      switch (below(4)) {
        case 0:
          bytes = with_flipped(std::move(bytes), at);
          break;
        case 1:
          bytes.erase(at, size);
          break;
        case 2:
          bytes.insert(at, bytes.substr(below(bytes.size()), size));
          break;
        default:
          bytes.replace(at, size, noise(size, static_cast<unsigned>(round)));
      }
      if (bytes.empty()) bytes = "B";
    }
    Peer peer;
    (void)peer.frames().send_raw(bytes);  // it may be gone before it has read all
    peer.frames().close_input();
    const json last = last_of(peer);
    const int code = peer.frames().wait();
    EXPECT_TRUE(code == 0 || code == 2) << code;
    if (code == 2) {
      EXPECT_EQ(last["error"]["key"], "frame") << last;
    }
    ASSERT_EQ(left_after(peer.pid()), json::object());
  }
}

// Programs

TEST(RobustnessTest, AProgramCannotSpeakForTheServer) {
  Peer peer;
  const std::string text = frame_of(json{{"id", 2}, {"result", {{"status", "OK"}}}}) +
                           frame_of(json{{"id", 3}, {"bye", json::object()}});
  peer.open("a", {program_file("meddle"), program_file("nothing"), {"text", text}});
  json spec = box_spec("meddle", {"text"});
  spec["limits"] = {{"open_files", 1024}, {"output_bytes", 1 << 20}};
  for (int i = 0; i < 3; ++i) {
    const RunReply reply = peer.run("a", spec, "input");
    ASSERT_FALSE(reply.result.is_null()) << reply.error;
    EXPECT_EQ(reply.result["status"], "RE");
    EXPECT_EQ(reply.result["signal"], SIGKILL);
    EXPECT_EQ(reply.out.substr(0, text.size()), text);
    EXPECT_EQ(reply.err.substr(0, text.size()), text);
    EXPECT_EQ(peer.run("a", box_spec("nothing")).result["status"], "OK");
  }
  EXPECT_EQ(peer.bye(), 0);
  EXPECT_EQ(left_after(peer.pid()), json::object());
}

TEST(RobustnessTest, ProgramsThatFillTheirPipesDoNotHoldUpOthers) {
  Peer peer({"--parallel", "2"});
  peer.open("flood", {program_file("emit")});
  peer.open("calm", {program_file("nothing")});
  json flood = box_spec("emit", {"1", "1000000000"});
  flood["limits"] = {{"output_bytes", 1 << 20}, {"cpu_time_ms", 5000}};
  for (int i = 0; i < 5; ++i) {
    const std::uint64_t loud = peer.ask_run("flood", flood), calm = peer.ask_run("calm", box_spec("nothing"));
    EXPECT_EQ(peer.result(calm).result["status"], "OK");
    const RunReply reply = peer.result(loud);
    EXPECT_EQ(reply.result["status"], "OLE") << reply.result;
    EXPECT_EQ(reply.out.size(), std::size_t{1} << 20);
    EXPECT_EQ(reply.result["stdout"]["truncated"], true);
  }
  EXPECT_EQ(peer.bye(), 0);
}

// Death

/// Opens boxes, fills, dirties and cancels them: whatever moment comes, something is under way.
void keep_busy(FrameClient& frames, std::mt19937& random, const BoxFile& bit) {
  const auto below = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random); };
  std::string bytes;
  int id = 0;
  const auto add = [&](json request, std::string_view body = {}) {
    request["id"] = ++id;
    bytes += frame_of(request, body);
  };
  for (unsigned box = 0; box <= below(3); ++box) {
    const std::string name = "b" + std::to_string(box);
    add({{"op", "open"},
         {"box", name},
         {"files",
          {{{"name", "bit"}, {"bytes", bit.bytes.size()}, {"mode", "0755"}}, {{"name", "in.txt"}, {"bytes", 6}}}}},
        bit.bytes + "input\n");
    for (unsigned run = 0; run <= below(4); ++run) {
      static const char* const kTopics[] = {"file_in_box", "process", "cwd", "sysv_shm", "mqueue", "file_in_shm"};
      const bool stays = below(3) == 0;
      add({{"op", "run"},
           {"box", name},
           {"spec", {{"argv", {"./bit", stays ? "hold" : "plant", kTopics[below(6)], "10000"}}}}});
    }
    if (below(3) == 0) add({{"op", "close"}, {"box", name}});
  }
  (void)frames.send_raw(bytes);
}

/// BAILIFF_KILLS: how many, for a longer try.
int kills() {
  const char* chosen = std::getenv("BAILIFF_KILLS");
  return chosen != nullptr ? std::atoi(chosen) : 40;
}

TEST(RobustnessTest, KilledAtAnyMomentNothingIsLeft) {
  const BoxFile bit = program_file("bit");
  std::mt19937 random(static_cast<unsigned>(kills()));
  for (int round = 0; round < kills(); ++round) {
    FrameClient frames({supervisor_path(), "serve", "--parallel", "2"});
    const pid_t pid = frames.pid();
    std::string why;
    try {
      if (round % 4 != 0) (void)frames.receive();  // else it may die before it is up
      keep_busy(frames, random, bit);
    } catch (const std::exception& error) {
      why = error.what();
    }
    ASSERT_EQ(why, "") << round;
    ::usleep(std::uniform_int_distribution<useconds_t>(0, 25'000)(random));
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    ASSERT_EQ(frames.wait(), 128 + SIGKILL);
    // The keepers do it, each by itself: no next start is needed.
    ASSERT_EQ(left_after(pid), json::object()) << round;
  }
}

TEST(RobustnessTest, AKilledServerGivesItsUserIdsBack) {
  Peer peer;
  peer.open("a");
  const RunReply reply = peer.run("a", {{"argv", {"/usr/bin/id", "-u"}}});
  ASSERT_EQ(reply.result["status"], "OK") << reply.result;
  const off_t uid = std::stol(reply.out);
  const UniqueFd leases(::open("/run/bailiff/uids", O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(leases);
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = uid;
  lock.l_len = 1;
  EXPECT_LT(::fcntl(leases.get(), F_OFD_SETLK, &lock), 0) << "nobody held it";
  (void)peer.ask_run("a", {{"argv", kSleep}});
  ASSERT_EQ(::kill(peer.pid(), SIGKILL), 0);
  EXPECT_EQ(peer.frames().wait(), 128 + SIGKILL);
  EXPECT_EQ(left_after(peer.pid()), json::object());
  EXPECT_EQ(::fcntl(leases.get(), F_OFD_SETLK, &lock), 0) << std::strerror(errno);
}

}  // namespace
}  // namespace bailiff::test
