#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/supervisor.h"

namespace bailiff::test {

/// The answer as a RunResult; ends the test by an exception that shows what came instead when it is none.
const nlohmann::json& result_of(const Answer& answer);

/// The error of an answer that is one, with exit code 2; throws likewise.
const nlohmann::json& error_of(const Answer& answer);

/// What stands in a `text` or `base64` key of a stream or file.
std::string bytes_of(const nlohmann::json& content);

/// Of a measured number and its `others`, the one from `source` ("rusage"); throws when there is none.
const nlohmann::json& figure(const nlohmann::json& measured, const std::string& source);

/// A spec of `program_spec` with `limits` put over its own.
nlohmann::json limited(nlohmann::json spec, const nlohmann::json& limits);

std::string base64(const std::string& bytes);

}  // namespace bailiff::test
