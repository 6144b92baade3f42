#include "seccomp/embed.h"

#include <algorithm>
#include <cstddef>

#include "seccomp/constants.h"
#include "seccomp/filter.h"
#include "seccomp/learnable.h"

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

/// The names by number, empty where there is none, up to the last that has one.
std::string call_names(Arch arch) {
  const std::uint32_t beyond = unknown_numbers(arch).back().first;
  std::string text = "constexpr std::string_view kCallNames[] = {\n";
  for (std::uint32_t number = 0; number < beyond; ++number) {
    text += "    \"" + call_name(arch, number).value_or("") + "\",\n";
  }
  return text + "};\n\n";
}

/// Both tables are ours: a name in learnable.cc that calls.cc or constants.cc lacks ends the build.
std::string learnables(Arch arch) {
  std::string text, rows;
  for (const NamedLearnable& learnable : learnable_arguments_by_name()) {
    const auto number = call_number(arch, learnable.call);
    if (!number) continue;  // open: x86_64 alone has it
    const std::string name = "kConstants" + std::string(learnable.call);
    text += "constexpr NamedConstant " + name + "[] = {\n";
    for (const std::string_view constant : learnable.constants) {
      text += "    {\"" + std::string(constant) + "\", " +
              std::to_string(static_cast<std::uint32_t>(constant_value(arch, constant).value())) + "u},\n";
    }
    text += "};\n";
    const Argument argument = find_argument(learnable.call, learnable.argument).value();
    rows += "    {" + std::to_string(*number) + ", " + std::to_string(argument.index) + ", \"" +
            std::string(learnable.argument) +
            "\", Learnable::Kind::" + (learnable.kind == Learnable::Kind::kBits ? "kBits" : "kValues") +
            ", " + name + "},\n";
  }
  return text + "constexpr Learnable kLearnable[] = {\n" + rows + "};\n\n";
}

}  // namespace

std::string embed(const std::vector<NamedFilter>& filters, Arch arch) {
  std::vector<const NamedFilter*> sorted;
  sorted.reserve(filters.size());
  for (const NamedFilter& filter : filters) sorted.push_back(&filter);
  std::ranges::sort(sorted, {}, [](const NamedFilter* filter) { return filter->name; });

  std::string text =
      "// Written by `bailiff-seccomp embed` from seccomp/profiles.\n#include "
      "\"seccomp/filter.h\"\n\n#include <iterator>\n\n"
      "namespace bailiff {\nnamespace {\n\n";
  for (std::size_t i = 0; i < sorted.size(); ++i) text += array_of(sorted[i]->filter.code, i);

  text += "constexpr Filter kFilters[] = {\n";
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    text += "    {\"" + sorted[i]->name + "\", " + array_name(i) + ", \"" + sorted[i]->filter.sha256 +
            "\", " + (asks_listener(sorted[i]->filter.code) ? "true" : "false") + "},\n";
  }
  text += "};\n\n" + call_names(arch) + learnables(arch);
  text +=
      "}  // namespace\n\n"
      "const Filter* find_filter(std::string_view name) {\n"
      "  for (const Filter& filter : kFilters) {\n"
      "    if (filter.name == name) return &filter;\n"
      "  }\n"
      "  return nullptr;\n"
      "}\n\n"
      "std::span<const Filter> all_filters() { return kFilters; }\n\n"
      "std::span<const Learnable> learnable_arguments() { return kLearnable; }\n\n"
      "std::string_view name_of_call(std::uint32_t number) {\n"
      "  return number < std::size(kCallNames) ? kCallNames[number] : std::string_view();\n"
      "}\n\n"
      "}  // namespace bailiff\n";
  return text;
}

}  // namespace bailiff
