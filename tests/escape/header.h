#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace bailiff::test {

/// The comment an attack's file opens with; README.md has its grammar.
struct AttackHeader {
  std::string name;   // of the file, without .c; `attack:` says the same
  std::string tries;  // what it does
  std::string must;   // what has to come of it
  std::string why;    // who fell for it, or which rule it tests
  std::string layer;  // the protection that stops it
  struct Bounds {
    unsigned long processes = 0, bytes = 0, seconds = 0;
  } bounds;  // what the attack keeps to by itself, were nothing to stop it
  nlohmann::json spec = nlohmann::json::object();   // laid over its RunSpec; null is a value
  nlohmann::json where = nlohmann::json::object();  // what of the RunResult says that `layer` is there at all
  nlohmann::json expect;                            // what of the RunResult must hold: see difference()
};

/// Reads the header of one attack. Throws std::runtime_error that says what is wrong with it.
AttackHeader read_header(const std::string& path);

/// Where `actual` is not as `expected` says; empty when it is. Objects: the members named. An array against a
/// scalar: one of these. {"at_least": n, "at_most": m} against a number. Else: equality.
std::string difference(const nlohmann::json& expected, const nlohmann::json& actual,
                       const std::string& where = "");

}  // namespace bailiff::test
