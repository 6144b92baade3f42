#include "tests/escape/header.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace bailiff::test {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 12> kFields = {"attack", "tries",  "must", "why",   "layer", "without",
                                                      "breach", "bounds", "spec", "first", "where", "expect"};
constexpr std::array<std::string_view, 5> kOptional = {"without", "breach", "spec", "first", "where"};

std::string trim(std::string text) {
  const auto first = text.find_first_not_of(" \t*");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// field -> text, continuation lines joined with a space.
std::map<std::string, std::string> fields_of(std::istream& file, const std::string& path) {
  std::map<std::string, std::string> fields;
  std::string line, current;
  if (!std::getline(file, line) || !line.starts_with("/*"))
    throw std::runtime_error(path + ": does not open with a comment");
  line.erase(0, 2);
  for (bool last = false; !last;) {
    if (const auto end = line.find("*/"); end != std::string::npos) {
      line.erase(end);
      last = true;
    }
    const std::string text = trim(line);
    const std::string word = text.substr(0, text.find(':'));
    if (word.size() < text.size() && std::find(kFields.begin(), kFields.end(), word) != kFields.end()) {
      if (fields.contains(word)) throw std::runtime_error(path + ": " + word + " is given twice");
      current = word;
      fields[current] = trim(text.substr(word.size() + 1));
    } else if (!text.empty()) {
      if (current.empty()) throw std::runtime_error(path + ": \"" + text + "\" belongs to no field");
      fields[current].append(" ").append(text);
    }
    if (!last && !std::getline(file, line)) throw std::runtime_error(path + ": the comment has no end");
  }
  return fields;
}

AttackHeader::Bounds read_bounds(const std::string& text, const std::string& path) {
  AttackHeader::Bounds bounds;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    const std::string key = word.substr(0, equals);
    if (equals == std::string::npos)
      throw std::runtime_error(path + ": bounds are processes=N bytes=N seconds=N");
    const unsigned long value = std::stoul(word.substr(equals + 1));
    if (key == "processes")
      bounds.processes = value;
    else if (key == "bytes")
      bounds.bytes = value;
    else if (key == "seconds")
      bounds.seconds = value;
    else
      throw std::runtime_error(path + ": unknown bound " + key);
  }
  if (bounds.processes == 0 || bounds.bytes == 0 || bounds.seconds == 0) {
    throw std::runtime_error(path + ": bounds need processes, bytes and seconds");
  }
  return bounds;
}

}  // namespace

std::string group_of(const std::string& name) { return name.substr(0, name.find('_')); }

AttackHeader read_header(const std::string& path) {
  std::ifstream file(path);
  std::map<std::string, std::string> fields = fields_of(file, path);
  for (const std::string_view field : kFields) {
    const bool optional = std::find(kOptional.begin(), kOptional.end(), field) != kOptional.end();
    if (!optional && fields[std::string(field)].empty())
      throw std::runtime_error(path + ": no " + std::string(field));
  }
  AttackHeader header;
  header.name = std::filesystem::path(path).stem();
  header.source = path;
  if (fields["attack"] != header.name) throw std::runtime_error(path + ": attack is not the file's name");
  header.tries = fields["tries"];
  header.must = fields["must"];
  header.why = fields["why"];
  header.layer = fields["layer"];
  std::istringstream layers(fields["without"]);
  for (std::string layer; layers >> layer;) header.without.push_back(layer);
  header.breach = fields["breach"];
  header.bounds = read_bounds(fields["bounds"], path);
  try {
    if (!fields["spec"].empty()) header.spec = json::parse(fields["spec"]);
    if (!fields["first"].empty()) header.first = json::parse(fields["first"]);
    if (!fields["where"].empty()) header.where = json::parse(fields["where"]);
    header.expect = json::parse(fields["expect"]);
  } catch (const json::exception& error) {
    throw std::runtime_error(path + ": " + error.what());
  }
  return header;
}

std::string difference(const json& expected, const json& actual, const std::string& where) {
  if (expected.is_object() && (expected.contains("lacks") || expected.contains("has"))) {
    const std::string text = actual.is_string() ? actual.get<std::string>() : actual.dump();
    const auto found = [&](const char* key) {
      return text.find(expected[key].get<std::string>()) != std::string::npos;
    };
    const bool holds =
        (!expected.contains("lacks") || !found("lacks")) && (!expected.contains("has") || found("has"));
    return holds ? "" : where + " is " + text.substr(0, 400) + ", not " + expected.dump() + "; ";
  }
  if (expected.is_object() && actual.is_object()) {
    std::string all;
    for (const auto& [key, value] : expected.items()) {
      if (!actual.contains(key))
        all += where + "." + key + " is missing; ";
      else
        all += difference(value, actual[key], where + "." + key);
    }
    return all;
  }
  bool holds = expected == actual;
  if (expected.is_object() && actual.is_number()) {
    holds = (!expected.contains("at_least") || actual >= expected["at_least"]) &&
            (!expected.contains("at_most") || actual <= expected["at_most"]);
  } else if (expected.is_array() && !actual.is_array()) {
    holds = std::find(expected.begin(), expected.end(), actual) != expected.end();
  }
  return holds ? "" : where + " is " + actual.dump().substr(0, 400) + ", not " + expected.dump() + "; ";
}

}  // namespace bailiff::test
