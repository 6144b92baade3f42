#include "seccomp/compile.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <nettle/sha2.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "seccomp/assembler.h"
#include "seccomp/condition_code.h"
#include "seccomp/disassemble.h"
#include "seccomp/search.h"

namespace bailiff {
namespace {

constexpr std::uint32_t kX32Bit = 0x40000000;  // __X32_SYSCALL_BIT, arch/x86/include/uapi/asm/unistd.h

/// All that a profile says about one call, in the order it is tried.
struct CallDecision {
  std::string call;
  std::uint32_t number = 0;
  std::vector<const CallRule*> rules;       // with conditions
  const CallRule* unconditional = nullptr;  // or none: `otherwise`
};

std::vector<CallDecision> decisions_of(const Profile& profile, Arch arch) {
  std::vector<CallDecision> decisions;
  for (const CallRule& rule : profile.rules) {
    auto decision = std::ranges::find(decisions, rule.call, &CallDecision::call);
    if (decision == decisions.end()) {
      decision = decisions.insert(decisions.end(), {rule.call, *call_number(arch, rule.call), {}, nullptr});
    }
    if (rule.when.empty()) {
      decision->unconditional = &rule;
    } else {
      decision->rules.push_back(&rule);
    }
  }
  std::ranges::sort(decisions, {}, &CallDecision::number);
  return decisions;
}

// --- our own instructions ---

/// Tries the rules in order, and always ends in a verdict.
void write_decision(Assembler& out, const CallDecision& decision, Action otherwise) {
  for (const CallRule* rule : decision.rules) {
    const Label next_rule = out.new_label();
    for (const Condition& condition : rule->when) write_condition(out, condition, next_rule);
    out.finish(rule->action);
    out.place(next_rule);
  }
  out.finish(decision.unconditional != nullptr ? decision.unconditional->action : otherwise);
}

/// What the search for a call's number can end in: a verdict at once, or the rules of a call.
struct Outcome {
  Action action = {};
  const CallDecision* decision = nullptr;
  bool operator==(const Outcome&) const = default;
};

/// What becomes of calls by another machine's table. Nobody can say in a profile what they are, so they are never let
/// through; where a call that nobody named is a violation, so is one of these.
Action foreign(const Profile& profile) { return profile.otherwise == kNotify ? kNotify : kKill; }

/// All numbers there are, in order, each range as long as can be.
std::vector<Range> ranges_of(const Profile& profile, Arch arch, const std::vector<CallDecision>& decisions,
                             std::vector<Outcome>& outcomes) {
  std::vector<Range> ranges;
  const auto append = [&](std::uint32_t first, const Outcome& outcome) {
    const auto place = std::ranges::find(outcomes, outcome);
    const auto index = static_cast<std::size_t>(place - outcomes.begin());
    if (place == outcomes.end()) outcomes.push_back(outcome);
    if (ranges.empty() || ranges.back().outcome != index) ranges.push_back({first, index});
  };

  const Outcome unknown{profile.unknown_calls, nullptr};
  auto decision = decisions.begin();
  for (std::uint32_t number = 0; number < kBeyondAllNames; ++number) {
    if (decision != decisions.end() && decision->number == number) {
      append(number, decision->rules.empty() ? Outcome{decision->unconditional->action, nullptr}
                                             : Outcome{{}, &*decision});
      ++decision;
    } else {
      append(number, call_name(arch, number) ? Outcome{profile.otherwise, nullptr} : unknown);
    }
  }
  append(kBeyondAllNames, unknown);
  if (arch == Arch::kX86_64) {
    append(kX32Bit, {foreign(profile), nullptr});
    append(UINT32_MAX, unknown);  // -1: what a tracer leaves that skips a call
  }
  return ranges;
}

std::vector<sock_filter> assemble(const Profile& profile, Arch arch,
                                  const std::vector<CallDecision>& decisions) {
  std::vector<Outcome> outcomes;
  const std::vector<Range> ranges = ranges_of(profile, arch, decisions, outcomes);

  Assembler out;
  const Label ours = out.new_label();
  out.load(kMachineOffset);
  out.branch(kIfEqual, arch == Arch::kX86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64, ours,
             Assembler::kNext);
  out.finish(foreign(profile));
  out.place(ours);
  out.load(kNumberOffset);

  std::vector<Label> labels(outcomes.size());
  for (Label& label : labels) label = out.new_label();
  write_search(out, ranges, labels);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    out.place(labels[i]);
    if (outcomes[i].decision == nullptr) {
      out.finish(outcomes[i].action);
    } else {
      write_decision(out, *outcomes[i].decision, profile.otherwise);
    }
  }
  return out.assemble();
}

std::string in_words(const CallDecision& decision, Action otherwise) {
  std::string text = decision.call + " (" + std::to_string(decision.number) + ")\n";
  for (const CallRule* rule : decision.rules) {
    text += "  if ";
    for (std::size_t i = 0; i < rule->when.size(); ++i) text += (i == 0 ? "" : " and ") + rule->when[i].text;
    text += ": " + text_of(rule->action) + "   # " + rule->source + ": " + rule->because + "\n";
  }
  if (const CallRule* rule = decision.unconditional) {
    return text + "  " + text_of(rule->action) + "   # " + rule->source + ": " + rule->because + "\n";
  }
  return text + "  " + text_of(otherwise) + "   # otherwise\n";
}

std::string list(const Profile& profile, Arch arch, const std::vector<CallDecision>& decisions,
                 const CompiledFilter& filter) {
  std::string text = "# " + profile.name + " for " + std::string(arch_name(arch)) + ": " + profile.about +
                     "\n# " + std::to_string(filter.code.size()) + " instructions, sha256 " + filter.sha256 +
                     "\n\n";
  text += "any other machine, i386, x32\n  " + text_of(foreign(profile)) + "\n";
  for (const CallDecision& decision : decisions) text += in_words(decision, profile.otherwise);
  text += "any other call with a name\n  " + text_of(profile.otherwise) +
          "   # otherwise\nnumbers without a name:";
  for (const NumberRange& range : unknown_numbers(arch)) {
    text.append(" ").append(std::to_string(range.first)).append("-");
    if (range.last != UINT32_MAX) text.append(std::to_string(range.last));
  }
  text += "\n  " + text_of(profile.unknown_calls) + "   # unknown_calls\n";
  return text + "\n# the instructions\n" + disassemble(filter.code);
}

std::string sha256_of(std::span<const sock_filter> code) {
  sha256_ctx context;
  sha256_init(&context);
  const auto bytes = std::as_bytes(code);
  sha256_update(&context, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
  sha256_digest(&context, digest.size(), digest.data());

  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (const unsigned byte : digest) {
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

}  // namespace

Result<CompiledFilter> compile(const Profile& profile, Arch arch) {
  const std::vector<CallDecision> decisions = decisions_of(profile, arch);
  CompiledFilter filter;
  filter.code = assemble(profile, arch, decisions);
  if (filter.code.size() > BPF_MAXINSNS) {
    return request_error("rules", profile.name + ".json: rules: " + std::to_string(filter.code.size()) +
                                      " instructions, the kernel takes " + std::to_string(BPF_MAXINSNS));
  }
  filter.sha256 = sha256_of(filter.code);
  filter.listing = list(profile, arch, decisions, filter);
  return filter;
}

}  // namespace bailiff
