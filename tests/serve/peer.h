#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/frame_client.h"

namespace bailiff::test {

/// A file for open().
struct BoxFile {
  std::string name;
  std::string bytes = {};
  std::string mode = "0644";
  std::string path = {};  // given: instead of bytes
};

/// A result with its bytes taken out of the frame's body.
struct RunReply {
  nlohmann::json result;  // null when the reply was an error
  nlohmann::json error;   // null when it was a result
  std::string out, err;
  int early_frames = 0;  // how many came before it
  std::map<std::string, std::string> files;
};

/// `bailiff-supervisor serve ARGUMENTS…`, greeted, and a peer that talks to it.
class Peer {
 public:
  explicit Peer(const std::vector<std::string>& arguments = {});

  std::uint64_t ask_open(const std::string& box, const std::vector<BoxFile>& files = {},
                         const nlohmann::json& more = {});
  std::uint64_t ask_run(const std::string& box, const nlohmann::json& spec, std::string_view input = {},
                        bool early_output = false);

  /// The reply to any request, as JSON.
  nlohmann::json answer(std::uint64_t id) { return frames_.reply(id).json(); }
  /// The reply to a run.
  RunReply result(std::uint64_t id);

  nlohmann::json call(nlohmann::json request, std::string_view body = {}) {
    return frames_.call(std::move(request), body).json();
  }
  /// A box that must open.
  void open(const std::string& box, const std::vector<BoxFile>& files = {}, const nlohmann::json& more = {});
  RunReply run(const std::string& box, const nlohmann::json& spec, std::string_view input = {}) {
    return result(ask_run(box, spec, input));
  }
  /// bye, and the exit code; whatever comes before its reply is dropped.
  int bye();

  [[nodiscard]] FrameClient& frames() { return frames_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const nlohmann::json& hello() const { return hello_; }
  /// Resident set of the server in KiB: the largest so far, and now.
  [[nodiscard]] long peak_rss_kib() const { return status_kib("VmHWM:"); }
  [[nodiscard]] long rss_kib() const { return status_kib("VmRSS:"); }
  /// Bytes of outputs that it holds in files (output_file.h), which are in nobody's resident set.
  [[nodiscard]] std::uint64_t held_bytes() const;

 private:
  [[nodiscard]] long status_kib(std::string_view key) const;

  FrameClient frames_;
  pid_t pid_;
  nlohmann::json hello_;
};

/// tests/programs/NAME.c, built, as a file of a box.
BoxFile program_file(const std::string& name);
/// A spec that runs it.
nlohmann::json box_spec(const std::string& name, std::vector<std::string> arguments = {});

std::string read_whole(const std::string& path);
std::string sha256_of(std::string_view bytes);
/// Bytes of every value in no short pattern.
std::string noise(std::size_t size, unsigned seed = 1);

/// What is left of a server that is gone, once its orphans had time to go too; {} when nothing.
nlohmann::json left_after(pid_t server, std::chrono::seconds patience = std::chrono::seconds(20));

}  // namespace bailiff::test
