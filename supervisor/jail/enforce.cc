#include "jail/enforce.h"

#include <set>

#include "spec/enforceable.h"

namespace bailiff {
namespace {

constexpr const char* kNone = "none";
constexpr const char* kUnlimited = "unlimited";  // nothing was asked for, so nothing has to hold it

/// Why `name` is not held by `wanted`, in words an operator can act on.
std::string why(const std::string& name, const std::string& wanted, const std::string& have,
                const CgroupTree& cgroups) {
  std::string text = "is enforced by \"" + have + "\" here, not by \"" + wanted + "\"";
  if (name == "seccomp" && have == "deny-only") {
    text +=
        ": this kernel has no seccomp user notification (Linux 5.0), so violations are refused, not recorded";
  } else if (name == "seccomp" && wanted == "notify") {
    text += ": the profile has no rule that makes a call a violation";
  }
  if (wanted != "cgroup") return text;
  const char* controller = name == "memory" ? "memory" : name == "processes" ? "pids" : nullptr;
  if (controller != nullptr) text += ": " + cgroups.why_lacks(controller);
  return text;
}

constexpr const char* kNamespace = "namespace";
constexpr const char* kNamespaceLayers[] = {"net", "pid", "mount", "ipc", "uts"};

/// What there is where a box has no namespaces: less, so it has to be accepted all the same.
const char* in_place_of(std::string_view layer, const Kernel& kernel) {
  if (layer == "net" || layer == "ipc") return "seccomp";  // plain_filter.h
  if (layer == "mount" && kernel.landlock > 0) return "landlock";
  return kNone;
}

Error refusal(const std::set<std::string>& missing, bool plain) {
  std::string text = "nothing here can enforce this; name it in accept_missing to run without";
  if (missing.size() > 1) {
    text += ". As well:";
    for (const std::string& name : missing) {
      if (name != *missing.begin()) text += " " + name;
    }
  }
  if (plain)
    text += ". Root without CAP_SYS_ADMIN makes no namespace and no mount (docs/operations.md, Hosts)";
  return request_error(*missing.begin(), text);
}

}  // namespace

Result<std::map<std::string, std::string>> enforce(const RunSpec& spec, const Box& box,
                                                   const Surroundings& surroundings, const Filter& filter) {
  const CgroupTree& cgroups = surroundings.cgroups;
  const Limits& limits = spec.limits;
  std::map<std::string, std::string> held = {
      {"cpu_time", limits.cpu_time ? "timer" : kUnlimited},
      {"wall_time", "timer"},
      {"memory", !limits.memory          ? kUnlimited
                 : cgroups.has("memory") ? "cgroup"
                                         : "sampling"},
      {"stack", limits.stack ? "rlimit" : kUnlimited},
      {"output", "pipe"},
      {"file_size", limits.file_size ? "rlimit" : kUnlimited},
      {"processes", cgroups.has("pids")      ? "cgroup"
                    : box.counts_processes() ? "rlimit"
                                             : kNone},
      {"open_files", "rlimit"},
      {"disk_bytes", box.plain() ? kNone : "tmpfs"},
      {"disk_inodes", !limits.disk_inodes  ? kUnlimited
                      : box.holds_inodes() ? "tmpfs"
                                           : kNone},
      {"seccomp", !filter.notifies                       ? spec.seccomp
                  : surroundings.kernel.hears_violations ? "notify"
                                                         : "deny-only"},
      {"uid", box.privilege() == Privilege::kUserNamespace ? "user_namespace" : "lease"},
  };
  std::set<std::string> missing;
  for (const char* layer : kNamespaceLayers) {
    held[layer] = box.plain() ? in_place_of(layer, surroundings.kernel) : kNamespace;
    if (box.plain()) missing.insert(layer);
  }

  // A default bends to what the host can hold; what the caller wrote does not.
  if (held["disk_inodes"] == kNone && !spec.given.contains("disk_inodes")) held["disk_inodes"] = kUnlimited;

  for (const auto& [name, mechanism] : held) {
    if (mechanism == kNone) missing.insert(name);
  }
  std::erase_if(missing, [&](const std::string& name) { return spec.accept_missing.contains(name); });
  if (!missing.empty()) return refusal(missing, box.plain());
  for (const auto& [name, wanted] : spec.require) {
    if (held[name] != wanted) return request_error("require." + name, why(name, wanted, held[name], cgroups));
  }
  return held;
}

}  // namespace bailiff
