#include "jail/enforce.h"

#include <algorithm>

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

}  // namespace

Result<std::map<std::string, std::string>> enforce(const RunSpec& spec, const Box& box,
                                                   const Surroundings& surroundings, const Filter& filter) {
  const CgroupTree& cgroups = surroundings.cgroups;
  const Limits& limits = spec.limits;
  const auto has_namespace = [&](const char* name) {
    const auto& all = box.namespaces();
    return std::find(all.begin(), all.end(), name) != all.end() ? "namespace" : kNone;
  };
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
      {"disk_bytes", "tmpfs"},
      {"disk_inodes", !limits.disk_inodes  ? kUnlimited
                      : box.holds_inodes() ? "tmpfs"
                                           : kNone},
      {"seccomp", !filter.notifies                       ? spec.seccomp
                  : surroundings.kernel.hears_violations ? "notify"
                                                         : "deny-only"},
      {"uid", box.privilege() == Privilege::kRoot ? "lease" : "user_namespace"},
  };
  for (const char* layer : {"net", "pid", "mount", "ipc", "uts"}) held[layer] = has_namespace(layer);

  // A default bends to what the host can hold; what the caller wrote does not.
  if (held["disk_inodes"] == kNone && !spec.given.contains("disk_inodes")) held["disk_inodes"] = kUnlimited;

  for (const auto& [name, mechanism] : held) {
    if (mechanism == kNone && !spec.accept_missing.contains(name)) {
      return request_error(name, "nothing here can enforce this; name it in accept_missing to run without");
    }
  }
  for (const auto& [name, wanted] : spec.require) {
    if (held[name] != wanted) return request_error("require." + name, why(name, wanted, held[name], cgroups));
  }
  return held;
}

}  // namespace bailiff
