#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/run_spec.h"

namespace bailiff {

/// How a submission becomes a program, as a RunSpec without files and stdin.
struct CompileStep {
  RunSpec spec = {};                              // `collect` names what `produces` does
  std::vector<std::string> sources = {};          // ".cc": the names that {sources} in argv stands for end so
  std::map<std::string, unsigned> produces = {};  // name below /box -> its mode in the box of the run
  bool operator==(const CompileStep&) const = default;
};

/// What bailiff knows about a language: images/ID/language.json, described in docs/images.md.
struct Language {
  std::string id = {};             // "cpp"; also the name of its folder
  std::string name = {};           // "C++", for people
  std::string source = {};         // name below /box that a submission's one file gets; where there are no
                                   // compile->sources, that of several where the program starts
  std::string compile_image = {};  // empty: nothing is compiled, and a run gets the submission's own files
  std::string run_image = {};
  std::optional<CompileStep> compile = {};  // set exactly when compile_image is
  RunSpec run = {};                         // without files, stdin, collect
  std::vector<std::string> version = {};    // prints the version, in the compile image where there is one
  bool operator==(const Language&) const = default;
};

/// Reads a language.json. Every error is Fault::kRequest and names the key, as for parse_run_spec.
Result<Language> parse_language(std::string_view json);

/// Of a submission's files those that are named to the compiler, or to the interpreter, by name: those with a
/// suffix of compile->sources, or `source` alone. Errors: kRequest, with the key "files": there is none.
Result<std::vector<std::string>> choose_sources(const Language& language,
                                                const std::vector<std::string>& files);

/// Replaces the argument {sources} by these names, so written that no compiler takes one for an option, and
/// {memory_bytes} and {memory_mib} in arguments and in values of the environment by limits.memory:
/// runtimes with a collector of garbage have to be told when to collect. Where memory is unlimited there is
/// nothing to tell: such an argument or variable is left out, argv[0] excepted. MiB are rounded down, but are
/// at least 1.
RunSpec fill_in(RunSpec spec, const std::vector<std::string>& sources);

}  // namespace bailiff
