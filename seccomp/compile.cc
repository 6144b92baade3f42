#include "seccomp/compile.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <nettle/sha2.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

#include "seccomp/assembler.h"
#include "seccomp/condition_code.h"
#include "supervisor/base/unique_fd.h"

namespace bailiff {
namespace {

// The same words in libseccomp's tongue and the kernel's; Action::value serves both.
static_assert(SCMP_ACT_KILL_PROCESS == SECCOMP_RET_KILL_PROCESS && SCMP_ACT_ALLOW == SECCOMP_RET_ALLOW);
static_assert(SCMP_ACT_NOTIFY == SECCOMP_RET_USER_NOTIF && SCMP_ACT_TRAP == SECCOMP_RET_TRAP);
static_assert(SCMP_ACT_ERRNO(1) == (SECCOMP_RET_ERRNO | 1));

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

/// What becomes of a number that libseccomp's tree does not hold: one without a name, one whose name is
/// younger than libseccomp, or one that the profile does not mention.
void write_rest(Assembler& out, bool number_is_loaded, const std::vector<const CallDecision*>& young,
                const Profile& profile, Arch arch) {
  const std::vector<NumberRange> unknown = unknown_numbers(arch);
  const Label unnamed = out.new_label();
  if (!number_is_loaded) out.load(kNumberOffset);

  // Nearly every call a program makes has a number below the first hole: those leave after one comparison.
  std::uint32_t lowest = unknown.front().first;
  for (const CallDecision* decision : young) lowest = std::min(lowest, decision->number);
  const Label high_numbers = out.new_label();
  out.branch(kIfAtLeast, lowest, high_numbers, Assembler::kNext);
  out.finish(profile.otherwise);
  out.place(high_numbers);

  for (const NumberRange& range : unknown) {
    const Label outside = out.new_label();
    if (range.last == UINT32_MAX) {
      out.branch(kIfAtLeast, range.first, unnamed, Assembler::kNext);
    } else {
      out.branch(kIfAtLeast, range.first, Assembler::kNext, outside);
      out.branch(kIfAbove, range.last, Assembler::kNext, unnamed);
    }
    out.place(outside);
  }
  for (const CallDecision* decision : young) {
    const Label other_call = out.new_label();
    out.branch(kIfEqual, decision->number, Assembler::kNext, other_call);
    write_decision(out, *decision, profile.otherwise);
    out.place(other_call);
  }
  out.finish(profile.otherwise);
  out.place(unnamed);
  out.finish(profile.unknown_calls);
}

// --- libseccomp's part ---

/// Numbers of the placeholders that libseccomp puts where our instructions are to be entered. No profile can
/// ask for TRACE itself, so a TRACE in its output is one of ours.
constexpr std::uint32_t kRestPlaceholder = 0;
std::uint32_t placeholder(std::size_t block) { return SCMP_ACT_TRACE(static_cast<std::uint16_t>(block)); }

bool is_placeholder(const sock_filter& line) {
  return line.code == kReturn && (line.k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE;
}

Error libseccomp_error(const std::string& call, int rc) {
  return Error{Fault::kInternal, rc < 0 ? -rc : 0, "libseccomp: " + call, {}};
}

struct ReleaseContext {
  void operator()(void* context) const { ::seccomp_release(context); }
};
using Context = std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, ReleaseContext>;

Result<Context> new_context(Arch arch) {
  // Otherwise libseccomp asks the running kernel what it can do, and a build under gVisor would differ or
  // fail.
  constexpr unsigned kAllActions = 6;
  if (const int rc = ::seccomp_api_set(kAllActions); rc != 0) return libseccomp_error("seccomp_api_set", rc);

  Context context(::seccomp_init(placeholder(kRestPlaceholder)));
  if (!context) return libseccomp_error("seccomp_init", 0);

  const std::uint32_t target = arch == Arch::kX86_64 ? SCMP_ARCH_X86_64 : SCMP_ARCH_AARCH64;
  if (target != ::seccomp_arch_native()) {
    if (const int rc = ::seccomp_arch_add(context.get(), target); rc != 0)
      return libseccomp_error("arch_add", rc);
    if (const int rc = ::seccomp_arch_remove(context.get(), ::seccomp_arch_native()); rc != 0) {
      return libseccomp_error("arch_remove", rc);
    }
  }

  constexpr std::uint32_t kBinaryTree = 2;
  const std::pair<scmp_filter_attr, std::uint32_t> attributes[] = {
      {SCMP_FLTATR_CTL_OPTIMIZE, kBinaryTree},
      {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS},
  };
  for (const auto& [attribute, value] : attributes) {
    if (const int rc = ::seccomp_attr_set(context.get(), attribute, value); rc != 0) {
      return libseccomp_error("attr_set " + std::to_string(attribute), rc);
    }
    std::uint32_t kept = 0;
    if (const int rc = ::seccomp_attr_get(context.get(), attribute, &kept); rc != 0 || kept != value) {
      return libseccomp_error("attr_get " + std::to_string(attribute), rc);
    }
  }
  return context;
}

/// What one of libseccomp's exporters writes.
Result<std::string> exported(const Context& context, int (*exporter)(const scmp_filter_ctx, int),
                             const char* what) {
  const UniqueFd file(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!file) return errno_error("memfd_create seccomp");
  if (const int rc = exporter(context.get(), file.get()); rc != 0) return libseccomp_error(what, rc);

  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  if (size < 0) return errno_error("lseek seccomp");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (::pread(file.get(), bytes.data(), bytes.size(), 0) != size) return errno_error("read seccomp");
  return bytes;
}

Result<std::vector<sock_filter>> instructions_in(const std::string& bytes) {
  if (bytes.empty() || bytes.size() % sizeof(sock_filter) != 0)
    return internal_error("libseccomp: a torn filter");
  std::vector<sock_filter> code(bytes.size() / sizeof(sock_filter));
  std::memcpy(code.data(), bytes.data(), bytes.size());
  return code;
}

/// Whether the accumulator holds the call's number wherever libseccomp's program hands over to our
/// instructions. It loads nothing but the machine, then the number (not even that when it knows no call); a
/// version of it that did anything else must not be built with.
Result<bool> number_is_loaded(const std::vector<sock_filter>& tree) {
  bool loaded = false;
  bool always = true;
  for (const sock_filter& line : tree) {
    const bool is_load = line.code == kLoad;
    const bool is_known = is_load || line.code == kReturn || BPF_CLASS(line.code) == BPF_JMP;
    const bool is_in_order = !is_load || line.k == kNumberOffset || (line.k == kMachineOffset && !loaded);
    if (!is_known || !is_in_order) return internal_error("libseccomp: a filter of a shape not seen before");
    if (is_load && line.k == kNumberOffset) loaded = true;
    if (is_placeholder(line) && !loaded) always = false;
  }
  return always;
}

// --- putting both together ---

/// Our instructions for the block a placeholder stands for, and how a listing calls it.
struct Block {
  std::vector<sock_filter> code;
  std::string title;
};

/// Turns every return of a placeholder into a jump to its block behind libseccomp's program.
Result<std::vector<sock_filter>> join(std::vector<sock_filter> code, const std::vector<Block>& blocks,
                                      const std::string& name) {
  std::vector<std::size_t> starts;
  std::size_t next = code.size();
  for (const Block& block : blocks) {
    starts.push_back(next);
    next += block.code.size();
  }
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (!is_placeholder(code[i])) continue;
    const std::size_t block = code[i].k & SECCOMP_RET_DATA;
    if (block >= blocks.size()) return internal_error("libseccomp: a placeholder that is not ours");
    code[i] = {kGoto, 0, 0, static_cast<std::uint32_t>(starts[block] - i - 1)};
  }
  for (const Block& block : blocks) code.insert(code.end(), block.code.begin(), block.code.end());
  if (code.size() > BPF_MAXINSNS) {
    return request_error("rules", name + ".json: rules: " + std::to_string(code.size()) +
                                      " instructions, the kernel takes " + std::to_string(BPF_MAXINSNS));
  }
  return code;
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

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string list(const Profile& profile, Arch arch, const std::vector<CallDecision>& decisions,
                 const std::vector<Block>& blocks, std::string pfc, const CompiledFilter& filter) {
  std::string text = "# " + profile.name + " for " + std::string(arch_name(arch)) + ": " + profile.about +
                     "\n# " + std::to_string(filter.code.size()) + " instructions, sha256 " + filter.sha256 +
                     "\n\n";
  text += "any other machine, i386, x32\n  kill\n";
  for (const CallDecision& decision : decisions) text += in_words(decision, profile.otherwise);
  text += "any other call with a name\n  " + text_of(profile.otherwise) +
          "   # otherwise\nnumbers without a name:";
  for (const NumberRange& range : unknown_numbers(arch)) {
    text.append(" ").append(std::to_string(range.first)).append("-");
    if (range.last != UINT32_MAX) text.append(std::to_string(range.last));
  }
  text += "\n  " + text_of(profile.unknown_calls) + "   # unknown_calls\n";

  // A reader should see where the search leads, not our placeholder's number.
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    pfc = replace_all(std::move(pfc), "TRACE(" + std::to_string(i) + ")", blocks[i].title);
  }
  return text + "\n# libseccomp's listing of the search for the call (what happens then is above)\n" + pfc;
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

Error out_of_reach(const Profile& profile, const std::string& call) {
  return request_error("rules", profile.name + ".json: rules: " + call +
                                    ": its rules are too long for a jump of 255 instructions");
}

}  // namespace

Result<CompiledFilter> compile(const Profile& profile, Arch arch) {
  const std::vector<CallDecision> decisions = decisions_of(profile, arch);
  const Context context = TRY(new_context(arch));

  std::vector<Block> blocks(1);  // the first is the rest, which needs to know the calls libseccomp does not
  std::vector<const CallDecision*> young;
  for (const CallDecision& decision : decisions) {
    if (!known_to_libseccomp(decision.call)) {
      young.push_back(&decision);
      continue;
    }
    std::uint32_t action = 0;
    if (decision.rules.empty()) {
      action = decision.unconditional->action.value;
    } else {
      Assembler out;
      write_decision(out, decision, profile.otherwise);
      auto code = out.assemble();
      if (!code) return out_of_reach(profile, decision.call);
      action = placeholder(blocks.size());
      blocks.push_back({std::move(*code), "the rules of " + decision.call});
    }
    // libseccomp takes this machine's number, or its stand-in for calls this machine lacks, and translates
    // it.
    const int number = ::seccomp_syscall_resolve_name(decision.call.c_str());
    if (const int rc = ::seccomp_rule_add_exact_array(context.get(), action, number, 0, nullptr); rc != 0) {
      return libseccomp_error("rule_add " + decision.call, rc);
    }
  }

  const std::string tree_bytes = TRY(exported(context, ::seccomp_export_bpf, "export_bpf"));
  std::vector<sock_filter> tree = TRY(instructions_in(tree_bytes));
  const bool loaded = TRY(number_is_loaded(tree));

  Assembler rest;
  write_rest(rest, loaded, young, profile, arch);
  auto rest_code = rest.assemble();
  if (!rest_code) return out_of_reach(profile, "calls younger than libseccomp");
  blocks[kRestPlaceholder] = {std::move(*rest_code), "everything else"};

  CompiledFilter filter;
  filter.code = TRY(join(std::move(tree), blocks, profile.name));
  filter.sha256 = sha256_of(filter.code);
  std::string pfc = TRY(exported(context, ::seccomp_export_pfc, "export_pfc"));
  filter.listing = list(profile, arch, decisions, blocks, std::move(pfc), filter);
  return filter;
}

}  // namespace bailiff
