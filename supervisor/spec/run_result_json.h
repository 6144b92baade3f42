#pragma once

#include <cstdint>

#include "base/result.h"
#include "spec/json_writer.h"
#include "spec/run_result.h"

namespace bailiff {

/// Where the bytes stand that a program wrote.
enum class Payload {
  kInLine,  ///< "text":"…", or "base64":"…" when they are not UTF-8
  kInBody,  ///< "body":[offset,length] in what follows the line: stdout, stderr, then the collected files by
            ///< name
};

/// The members of a RunResult (docs/run-result.md).
void write_members(JsonWriter& out, const RunResult& run, Payload payload);
/// How many bytes it has for Payload::kInBody.
std::uint64_t payload_bytes(const RunResult& run);

/// "error":{"kind":…,"key":…,"message":…}
void write_members(JsonWriter& out, const Error& error);

}  // namespace bailiff
