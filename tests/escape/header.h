#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bailiff::test {

/// The group an attack's name begins with, "time" of "time_exec_chain".
std::string group_of(const std::string& name);

/// The comment an attack's file opens with; README.md has its grammar.
struct AttackHeader {
  std::string name;    // of the file, without its extension; `attack:` says the same
  std::string source;  // the file's path
  std::string tries;   // what it does
  std::string must;    // what has to come of it
  std::string why;     // who fell for it, or which rule it tests
  std::string layer;   // the protection that stops it
  /// The layers of tests/escape/layers without which it succeeds; empty: it attacks none that can be left
  /// out.
  std::vector<std::string> without;
  std::string breach;  // what its success is called; empty: its group's word
  struct Bounds {
    unsigned long processes = 0, bytes = 0, seconds = 0;
  } bounds;  // what the attack keeps to by itself, were nothing to stop it
  nlohmann::json spec = nlohmann::json::object();  // laid over its RunSpec; null is a value
  nlohmann::json first;  // laid over the RunSpec of a run before it; null: there is none
  nlohmann::json where = nlohmann::json::object();  // what of the RunResult says that `layer` is there at all
  nlohmann::json expect;                            // what of the RunResult must hold: see difference()
};

/// Reads the header of one attack. Throws std::runtime_error that says what is wrong with it.
AttackHeader read_header(const std::string& path);

/// Where `actual` is not as `expected` says; empty when it is. Objects: the members named. An array against a
/// scalar: one of these. {"at_least": n, "at_most": m} against a number. {"has": s, "lacks": s} against a
/// text, or the JSON of anything else: s is in it, is not. Else: equality.
std::string difference(const nlohmann::json& expected, const nlohmann::json& actual,
                       const std::string& where = "");

}  // namespace bailiff::test
