#include "spec/json_writer.h"

#include <nettle/base64.h>

#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace bailiff {
namespace {

/// The inside of a JSON string (RFC 8259, section 7). `text` is UTF-8.
void append_escaped(std::string& line, std::string_view text) {
  constexpr std::string_view kLetters = "btn?fr";  // for U+0008 to U+000D; U+000B has none
  constexpr std::string_view kHex = "0123456789abcdef";
  std::size_t plain = 0;  // start of what needs no escape
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c != '"' && c != '\\') [[likely]]
      continue;
    line.append(text, plain, at - plain);
    plain = at + 1;

    const bool has_letter = 0x08 <= c && c <= 0x0D && c != 0x0B;
    const char escape[] = {'\\', 'u', '0', '0', kHex[c >> 4U], kHex[c & 0xFU]};
    const char quoted[] = {'\\', has_letter ? kLetters[c - 0x08U] : text[at]};
    if (has_letter || c >= 0x20) {
      line.append(quoted, sizeof quoted);
    } else {
      line.append(escape, sizeof escape);
    }
  }
  line.append(text, plain);
}

/// As JSON, quotes included.
std::string with_replacements(std::string_view text) {
  using nlohmann::json;
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

void JsonWriter::put(std::string_view text) {
  if (!is_utf8(text)) return literal(with_replacements(text));
  comma();
  line_ += '"';
  append_escaped(line_, text);
  line_ += '"';
}

JsonWriter& JsonWriter::utf8(std::string_view name, std::string_view text) {
  key(name);
  line_ += '"';
  append_escaped(line_, text);
  line_ += '"';
  return *this;
}

JsonWriter& JsonWriter::base64(std::string_view name, std::string_view bytes) {
  key(name);
  line_ += '"';
  const std::size_t start = line_.size();
  line_.resize(start + BASE64_ENCODE_RAW_LENGTH(bytes.size()));
  base64_encode_raw(line_.data() + start, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  line_ += '"';
  return *this;
}

}  // namespace bailiff
