#include "jail/learnt_profile.h"

#include <sys/syscall.h>

#include <algorithm>
#include <vector>

#include "seccomp/filter.h"

namespace bailiff {
namespace {

/// Made by every run, unseen by who learns: the filter lets our own child make them.
constexpr std::uint32_t kNeeded[] = {SYS_execve, SYS_clock_gettime, SYS_exit_group};
constexpr std::uint32_t kPolite[] = {SYS_clone3, SYS_io_uring_setup};

bool is_needed(std::uint32_t number) { return std::ranges::find(kNeeded, number) != std::end(kNeeded); }

const Learnable* learnable(std::uint32_t call) {
  for (const Learnable& known : learnable_arguments()) {
    if (known.call == call) return &known;
  }
  return nullptr;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
    out.push_back(plain ? c : '?');  // a thread's name can be any bytes
  }
  return out + "\"";
}

/// "CLONE_VM|CLONE_FS", or empty when some bit has no name. A value that is one constant is that constant.
std::string in_names(std::uint32_t value, const Learnable& argument) {
  for (const NamedConstant& constant : argument.constants) {
    if (constant.value == value) return std::string(constant.name);
  }
  std::string text;
  for (const NamedConstant& constant : argument.constants) {
    if (constant.value == 0 || (value & constant.value) != constant.value) continue;
    text.append(text.empty() ? "" : "|").append(constant.name);
    value &= ~constant.value;
  }
  return value == 0 ? text : "";
}

/// The condition that holds for what was seen; empty when it cannot be said in names.
std::string condition(const SeenCall& seen, const Learnable& argument) {
  const std::string begin = "{ \"arg\": " + quoted(std::string(argument.argument_name)) + ", ";
  if (argument.kind == Learnable::Kind::kBits) {
    std::uint32_t bits = 0;
    for (const std::uint32_t value : seen.values) bits |= value;
    if (bits == 0) return begin + "\"equals\": 0 }";
    const std::string names = in_names(bits, argument);
    return names.empty() ? "" : begin + "\"mask\": \"~(" + names + ")\", \"equals\": 0 }";
  }
  std::string list;
  for (const std::uint32_t value : seen.values) {
    const std::string names = in_names(value, argument);
    if (names.empty()) return "";
    list.append(list.empty() ? "" : ", ").append(quoted(names));
  }
  constexpr std::size_t kMost = 64;  // of one condition (seccomp/condition.cc)
  return seen.values.size() > kMost ? "" : begin + "\"one_of\": [" + list + "] }";
}

std::string rule(const std::string& action, const std::string& calls, const std::string& when,
                 const std::string& because) {
  return "    { \"action\": \"" + action + "\",\n      \"calls\": [" + calls + "],\n" +
         (when.empty() ? "" : "      \"when\": [" + when + "],\n") + "      \"because\": " + quoted(because) +
         " }";
}

std::string name_in_quotes(std::uint32_t number) { return quoted(std::string(name_of_call(number))); }

std::string where_seen(const SeenCall& seen) {
  return "seen " + std::to_string(seen.times) + (seen.times == 1 ? " time" : " times") + ", first in " +
         seen.first_in;
}

}  // namespace

void CallLog::note(std::uint32_t number, const std::uint64_t (&args)[6], const std::string& thread) {
  SeenCall& seen = calls[number];
  if (seen.times++ == 0) seen.first_in = thread;
  if (const Learnable* argument = learnable(number)) {
    constexpr std::size_t kEnough = 256;  // more cannot be written down; keeps a log small
    if (seen.values.size() < kEnough)
      seen.values.insert(static_cast<std::uint32_t>(args[argument->argument]));
  }
}

bool is_refused_politely(std::uint32_t number) {
  return name_of_call(number).empty() || std::ranges::find(kPolite, number) != std::end(kPolite);
}

std::string profile_of(const CallLog& log, const std::string& program) {
  std::vector<std::string> rules;
  std::string needed, polite;
  for (const std::uint32_t number : kNeeded) needed += (needed.empty() ? "" : ", ") + name_in_quotes(number);
  rules.push_back(rule("allow", needed, "", "every run starts and ends with them"));
  for (const std::uint32_t number : kPolite) polite += (polite.empty() ? "" : ", ") + name_in_quotes(number);
  rules.push_back(
      rule("errno ENOSYS", polite, "",
           "what they do is behind a pointer or in kernel threads, where no filter sees it; programs then do "
           "without, as this one did if it asked"));
  for (const auto& [number, seen] : log.calls) {
    if (is_needed(number) || is_refused_politely(number)) continue;
    const Learnable* argument = learnable(number);
    const std::string when = argument != nullptr ? condition(seen, *argument) : "";
    std::string because = where_seen(seen);
    if (argument != nullptr && when.empty())
      because +=
          ", with values of " + std::string(argument->argument_name) + " that have no name here: review it";
    rules.push_back(rule("allow", name_in_quotes(number), when, because));
  }
  std::string text =
      "{\n  \"about\": " +
      quoted("Learnt from one run of " + program +
             ". What that run did not do is a violation: run it on all it has to do, and review this.") +
      ",\n  \"otherwise\": \"notify\",\n  \"unknown_calls\": \"errno ENOSYS\",\n  \"rules\": [\n";
  for (std::size_t i = 0; i < rules.size(); ++i) text += rules[i] + (i + 1 < rules.size() ? ",\n" : "\n");
  return text + "  ]\n}";
}

}  // namespace bailiff
