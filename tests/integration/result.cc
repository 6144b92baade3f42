#include "tests/integration/result.h"

#include <stdexcept>

namespace bailiff::test {
namespace {

using nlohmann::json;

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string from_base64(const std::string& text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) break;  // the padding
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    have += 6;
    if (have < 8) continue;
    have -= 8;
    bytes.push_back(static_cast<char>(bits >> have & 255U));
  }
  return bytes;
}

}  // namespace

const json& result_of(const Answer& answer) {
  if (answer.exit_code == 0 && answer.json.is_object() && answer.json.contains("status")) return answer.json;
  throw std::runtime_error("no RunResult, exit code " + std::to_string(answer.exit_code) + ": " + answer.raw +
                           answer.stderr_text);
}

const json& error_of(const Answer& answer) {
  if (answer.exit_code == 2 && answer.json.is_object() && answer.json.contains("error")) return answer.json["error"];
  throw std::runtime_error("no error, exit code " + std::to_string(answer.exit_code) + ": " + answer.raw);
}

std::string bytes_of(const json& content) {
  if (content.contains("text")) return content["text"].get<std::string>();
  return from_base64(content.at("base64").get<std::string>());
}

const json& figure(const json& measured, const std::string& source) {
  if (measured["source"] == source) return measured;
  for (const json& other : measured["others"]) {
    if (other["source"] == source) return other;
  }
  throw std::runtime_error("nothing from " + source + " in " + measured.dump());
}

json limited(json spec, const json& limits) {
  if (!spec.contains("limits")) spec["limits"] = json::object();
  spec["limits"].update(limits);
  return spec;
}

std::string base64(const std::string& bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (have += 8; have >= 6;) {
      have -= 6;
      text.push_back(kAlphabet[bits >> have & 63U]);
    }
  }
  if (have > 0) text.push_back(kAlphabet[bits << (6 - have) & 63U]);
  while (text.size() % 4 != 0) text.push_back('=');
  return text;
}

}  // namespace bailiff::test
