#include "seccomp/embed.h"

#include <algorithm>
#include <cstddef>

namespace bailiff {
namespace {

std::string array_name(std::size_t index) { return "kCode" + std::to_string(index); }

std::string array_of(const std::vector<sock_filter>& code, std::size_t index) {
  std::string text = "constexpr sock_filter " + array_name(index) + "[] = {\n";
  for (const sock_filter& line : code) {
    text += "    {" + std::to_string(line.code) + ", " + std::to_string(line.jt) + ", " +
            std::to_string(line.jf) + ", " + std::to_string(line.k) + "u},\n";
  }
  return text + "};\n\n";
}

}  // namespace

std::string embed(const std::vector<NamedFilter>& filters) {
  std::vector<const NamedFilter*> sorted;
  sorted.reserve(filters.size());
  for (const NamedFilter& filter : filters) sorted.push_back(&filter);
  std::ranges::sort(sorted, {}, [](const NamedFilter* filter) { return filter->name; });

  std::string text =
      "// Written by `bailiff-seccomp embed` from seccomp/profiles.\n#include \"seccomp/filter.h\"\n\n"
      "namespace bailiff {\nnamespace {\n\n";
  for (std::size_t i = 0; i < sorted.size(); ++i) text += array_of(sorted[i]->filter.code, i);

  text += "constexpr Filter kFilters[] = {\n";
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    text +=
        "    {\"" + sorted[i]->name + "\", " + array_name(i) + ", \"" + sorted[i]->filter.sha256 + "\"},\n";
  }
  text +=
      "};\n\n}  // namespace\n\n"
      "const Filter* find_filter(std::string_view name) {\n"
      "  for (const Filter& filter : kFilters) {\n"
      "    if (filter.name == name) return &filter;\n"
      "  }\n"
      "  return nullptr;\n"
      "}\n\n"
      "std::span<const Filter> all_filters() { return kFilters; }\n\n"
      "}  // namespace bailiff\n";
  return text;
}

}  // namespace bailiff
