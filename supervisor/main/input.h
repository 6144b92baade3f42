#pragma once

#include <string>

#include "base/result.h"
#include "spec/run_spec.h"
#include "spec/submit_spec.h"

namespace bailiff {

/// The whole file; "-" is standard input. Errors: it cannot be read, or is larger than `most` bytes.
Result<std::string> read_file(const std::string& path, std::size_t most);

/// The RunSpec in this file. Every error is kRequest and names the key.
Result<RunSpec> read_run_spec_file(const std::string& path);

/// The same for a SubmitSpec.
Result<SubmitSpec> read_submit_spec_file(const std::string& path);

/// Reads the files it names by `path`, so that they can be sent. Regular files only: a device has no end and
/// a FIFO may have no writer.
Result<void> load_files(RunSpec& spec);
Result<void> load_files(SubmitSpec& spec);

/// What a command prints on standard output, with a newline. False: nobody reads it.
bool print_line(std::string text);

}  // namespace bailiff
