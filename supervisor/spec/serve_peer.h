#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/blob.h"
#include "base/result.h"
#include "spec/run_result.h"
#include "spec/serve_message.h"

namespace bailiff {

/// The other side of serve_message.h: what a peer of `serve` sends, and how it reads the replies. What comes
/// back is data of a container that runs strangers' programs: everything is checked, nothing is believed.

/// The version in `hello` and in the magic of every frame.
inline constexpr std::uint64_t kServeProtocol = 1;

std::string open_request(const OpenRequest& request);
/// Only the limits the caller wrote (RunSpec::given) are sent, so that a default may bend to the host.
std::string run_request(const RunRequest& request);
std::string close_request(std::uint64_t id, std::string_view box);

struct HelloReply {
  std::uint64_t protocol = 0;
  std::string version = {};
  std::string runtime = {};
  bool early_output = false;  // it takes that key of a run
};
struct OpenedReply {};
struct ClosedReply {};

struct Reply {
  std::uint64_t id = 0;  // 0: hello, or an error about a request whose id could not be read
  std::variant<HelloReply, OpenedReply, ClosedReply, RunResult, Error> what = HelloReply{};
};

/// What came of a run's output before its result.
struct EarlyStreams {
  Blob out = {}, err = {};
};

/// Which stream of which run the body of a frame continues, if it is an output that comes before its result.
struct OutputPlace {
  std::uint64_t run = 0;
  bool is_stderr = false;
};
std::optional<OutputPlace> output_place(std::string_view header);

/// Reads one reply with the body of its frame, and what came before it if it is a result. Keys it does not know are ignored (docs/protocol.md,
/// "Versions"). Errors: kInternal; what came is no reply, or a place in it lies outside of the body.
Result<Reply> parse_reply(std::string_view header, Blob body, EarlyStreams early = {});

}  // namespace bailiff
