#include <algorithm>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "spec/json.h"
#include "spec/strict_json.h"

namespace bailiff {

Result<void> check_box_name(std::string_view name, const std::string& key) {
  constexpr std::size_t kMaxName = 4095;      // PATH_MAX without its NUL
  constexpr std::size_t kMaxComponent = 255;  // NAME_MAX
  const auto bad = [&](const std::string& why) {
    return refuse(key,
                  why + "; a name is a path below /box: components of 1 to 255 bytes other than . and ..");
  };
  if (name.empty()) return bad("is empty");
  if (name.front() == '/') return bad("is absolute");
  if (name.size() > kMaxName) return bad("is longer than 4095 bytes");
  if (name.find('\0') != std::string_view::npos) return bad("contains NUL");
  if (!is_utf8(name)) return bad("is not UTF-8");

  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('/', start), name.size());
    const std::string_view component = name.substr(start, end - start);
    if (component.empty()) return bad("has an empty component");
    if (component == "." || component == "..") return bad("has the component " + std::string(component));
    if (component.size() > kMaxComponent) return bad("has a component over 255 bytes");
    start = end + 1;
  }
  return {};
}

}  // namespace bailiff
