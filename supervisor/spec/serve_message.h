#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "spec/run_result.h"
#include "spec/run_spec.h"

namespace bailiff {

/// What a peer of `serve` may ask (docs/protocol.md). Each carries an id of the peer's choice, 1 to 2^53,
/// that the reply repeats. Bytes never stand in the JSON: they are the frame's body, in the order given here.

/// One input file of a box: its bytes are the next `bytes` of the body, or a file below the operator's --files-root.
struct FileSlice {
  std::string name = {};
  std::uint64_t bytes = 0;
  std::string path = {};  // relative, resolved beneath --files-root; then `bytes` is 0
  unsigned mode = 0644;
};

struct OpenRequest {
  std::uint64_t id = 0;
  std::string box = {};  // [A-Za-z0-9_.-]{1,64}, not open yet
  Bytes disk = 64_MiB;
  std::optional<std::uint64_t> disk_inodes = 1000;
  bool disk_inodes_given = false;
  std::vector<FileSlice> files = {};  // body: the bytes of those without a path, one after the other
};

struct RunRequest {
  std::uint64_t id = 0;
  std::string box = {};
  RunSpec spec = {};              // without files, stdin, disk limits: those belong to the box and the body
  std::uint64_t stdin_bytes = 0;  // body: the program's input
  std::string stdin_path = {};    // or a file below --files-root
  bool early_output = false;      // much output may come before the result
};

struct CancelRequest {
  std::uint64_t id = 0;
  std::uint64_t run = 0;  // id of the RunRequest
};

struct CloseRequest {
  std::uint64_t id = 0;
  std::string box = {};
};

/// No more requests will come: when all are answered, the reply to this one is the last frame.
struct ByeRequest {
  std::uint64_t id = 0;
};

using Request = std::variant<OpenRequest, RunRequest, CancelRequest, CloseRequest, ByeRequest>;

/// Reads one request header. Errors are kRequest and name the key; `*id` is set as soon as it could be read, so that
/// the refusal can name it. `body_bytes` must be exactly what the header accounts for.
Result<Request> parse_request(std::string_view header, std::uint64_t body_bytes, std::uint64_t* id);

std::string hello_message(std::string_view version, std::string_view runtime);
std::string opened_message(std::uint64_t id, std::string_view box, Nanos took);
std::string closed_message(std::uint64_t id, std::string_view box);
std::string cancelled_message(std::uint64_t id, std::uint64_t run, bool was_running);
std::string bye_message(std::uint64_t id);
/// `id` 0: the request's id could not be read; with the key "frame" it is the last frame.
std::string error_message(std::uint64_t id, const Error& error);

/// {"id":…,"output":"stdout"}: the frame's body are the next bytes of that stream.
std::string output_message(std::uint64_t id, std::string_view stream);
/// {"id":…,"result":{…}}: a RunResult as docs/run-result.md, but where it has text or base64 this has
/// {"body":[offset, length]} into the frame's body, which is stdout, then stderr, then the collected files by name.
std::string result_message(std::uint64_t id, const RunResult& result);
std::uint64_t result_body_bytes(const RunResult& result);

}  // namespace bailiff
